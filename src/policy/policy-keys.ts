import type { TSchema } from 'typebox';
import {
  formatDuration,
  formatSize,
  HoldfastError,
  parseDuration,
  parseSize,
  secondMs,
} from '../base/index.ts';
import type { ListenerPolicy } from './listener-policy.ts';
import { NetworkListener } from './network-listeners.ts';
import { defaultNetworkPolicy, NetworkPolicy, parseNetworkPolicy } from './network-policy.ts';
import { nearestWords } from './parse-input.ts';
import { isPostQuantum } from './tls-level.ts';

/** What one key of a policy can hold. */
type PolicyValue = string | number | readonly string[];

/** One key of a policy, its value as it is typed and shown. */
interface PolicyEntry {
  /** A dotted path: `queue`, `profiles.server.dnsSuffixes`. */
  readonly key: string;
  readonly value: PolicyValue;
  readonly text: string;
  readonly isDefault: boolean;
}

/** A key that two policies have differently. */
export interface PolicyDifference {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/** Every key that is always there, in the order of the documentation. */
export const policyKeys: readonly string[] = keysBelow(NetworkPolicy, '');

/** What can be decided of a listener. */
export const listenerKeys: readonly string[] = keysBelow(NetworkListener, '');

/** What a key of a listener says while nothing is decided: it is as the settings of the server say. */
const undecided = 'default';

/** A key of a listener: `listeners.main.level`. */
function isListenerKey(key: string): boolean {
  const [section, name = '', field = '', ...others] = key.split('.');
  const isName = /^[a-z0-9][a-z0-9-]{0,31}$/.test(name);
  return section === 'listeners' && isName && listenerKeys.includes(field) && others.length === 0;
}

/** The keys of a policy: those that are always there, and what is decided of listeners. */
function keysOf({ listeners }: NetworkPolicy): readonly string[] {
  const decided = Object.entries(listeners).flatMap(([name, listener]) =>
    listenerKeys.filter((field) => field in listener).map((field) => `listeners.${name}.${field}`),
  );
  return [...policyKeys, ...decided];
}

/** What is to be known of a key: as the reference page has it. */
export interface PolicyKeyAbout {
  readonly key: string;
  /** What it takes, with its bounds: `on or off`, `1m to 365d`, `list of dns, ip`. */
  readonly takes: string;
  readonly byDefault: string;
  readonly meaning: string;
  /** What could be typed. */
  readonly example: string;
}

/** Describes every key out of its schema; a `TypeError` for one that has no meaning or no example there. */
export function describePolicyKeys(): PolicyKeyAbout[] {
  const describedKeys = [...policyKeys, ...listenerKeys.map((field) => `listeners.main.${field}`)];
  return describedKeys.map((key) => {
    const { description, examples: [example] = [] } = schemaAt(key);
    if (description === undefined || example === undefined) throw new TypeError(`${key} is not described`);
    return {
      key,
      takes: takenBy(key, schemaAt(key)),
      byDefault: defaultPolicyText(key),
      meaning: description,
      example,
    };
  });
}

/** What is used of a schema here. */
interface KeySchema {
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly anyOf?: readonly { readonly const: string }[];
  readonly items?: KeySchema;
  readonly minimum?: number;
  readonly maximum?: number;
}

function schemaAt(key: string): KeySchema {
  const [path, within] = isListenerKey(key)
    ? [key.split('.').slice(2), NetworkListener as KeySchema]
    : [key.split('.'), NetworkPolicy as KeySchema];
  return path.reduce((at: KeySchema, part) => at.properties?.[part] ?? {}, within);
}

function takenBy(key: string, { anyOf, items, minimum = 0, maximum }: KeySchema): string {
  if (isSize(key)) return 'none, or a size such as 500GB';
  if (anyOf !== undefined) return anyOf.map((each) => each.const).join(' or ');
  if (maximum !== undefined)
    return `${minimum === 0 ? 'off, or ' : ''}a time from ${formatDuration(minimum || secondMs)} to ${formatDuration(maximum)}`;
  const words = items?.anyOf?.map((each) => each.const) ?? [];
  return words.length === 0 ? 'a list' : `a list of ${words.join(', ')}`;
}

/** Every key of `policy` with its value. */
export function policyEntries(policy: NetworkPolicy): PolicyEntry[] {
  return keysOf(policy).map((key) => {
    const value = valueAt(policy, key) ?? undecided;
    const text = formatPolicyValue(key, value);
    return { key, value, text, isDefault: text === defaultPolicyText(key) };
  });
}

/** What stands at `key` in a new network, as it is typed. */
export function defaultPolicyText(key: string): string {
  return textAt(defaultNetworkPolicy, key);
}

/**
 * `policy` with the values that some keys are to have: a word, a whole number of milliseconds or a duration such as
 * `90d`, a list with commas, and for an empty one `any` or, of name kinds, `none`. What depends on one another is checked
 * when all are changed. @throws HoldfastError `settings_invalid`; for an unknown key with those that look like it
 */
export function changePolicy(
  policy: NetworkPolicy,
  changes: readonly Pick<PolicyDifference, 'key' | 'after'>[],
): NetworkPolicy {
  const changed = changes.reduce((place: object, { key: typed, after }) => {
    const key = keyOf(typed);
    if (isListenerKey(key) && after === undecided) return withoutValue(place, key.split('.'));
    if (!policyKeys.includes(key) && !isListenerKey(key)) throw unknownKey(key);
    return withValue(place, key.split('.'), readValue(key, after));
  }, policy);
  return parseNetworkPolicy(changed);
}

/** A key as the policy has it: its last word may be typed with hyphens, `data-channel`, and it may be said without its unit, `retention-lock`. */
function keyOf(typed: string): string {
  const last = typed.lastIndexOf('.') + 1;
  const word = typed.slice(last).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const key = typed.slice(0, last) + word;
  const named = [key, `${key}Ms`, `${key}Bytes`];
  return named.find((each) => policyKeys.includes(each)) ?? key;
}

/** The keys in which `after` is not as `before`. */
export function policyDifferences(before: NetworkPolicy, after: NetworkPolicy): PolicyDifference[] {
  return [...new Set([...keysOf(before), ...keysOf(after)])]
    .map((key) => ({ key, before: textAt(before, key), after: textAt(after, key) }))
    .filter((each) => each.before !== each.after);
}

function keysBelow(schema: TSchema, prefix: string): string[] {
  const { properties, patternProperties } = schema as {
    properties?: Record<string, TSchema>;
    patternProperties?: Record<string, TSchema>;
  };
  if (patternProperties !== undefined) return [];
  if (properties === undefined) return [prefix];
  return Object.entries(properties).flatMap(([name, each]) =>
    keysBelow(each, prefix === '' ? name : `${prefix}.${name}`),
  );
}

/** The value of a key as it is typed. */
function textAt(policy: NetworkPolicy, key: string): string {
  const value = valueAt(policy, key);
  return value === undefined ? undecided : formatPolicyValue(key, value);
}

/** Undefined for what is not decided of a listener. */
function valueAt(policy: NetworkPolicy, key: string): PolicyValue | undefined {
  return key
    .split('.')
    .reduce((at: unknown, part) => (at as Record<string, unknown> | undefined)?.[part], policy) as
    | PolicyValue
    | undefined;
}

function withValue(place: object, [name = '', ...below]: readonly string[], value: PolicyValue): object {
  if (below.length === 0) return { ...place, [name]: value };
  const inner = (place as Record<string, object>)[name] ?? {};
  return { ...place, [name]: withValue(inner, below, value) };
}

/** Nothing is decided of a listener there any more; one of which nothing is left is gone. */
function withoutValue(place: object, [section = '', name = '', field = '']: readonly string[]): object {
  const listeners = { ...(place as Record<string, Record<string, Record<string, unknown>>>)[section] };
  const { [field]: _gone, ...left } = listeners[name] ?? {};
  const { [name]: _before, ...others } = listeners;
  return { ...place, [section]: Object.keys(left).length === 0 ? others : { ...others, [name]: left } };
}

/** Written as what stands there already: text, a time or a list. */
function readValue(key: string, text: string): PolicyValue {
  const sample = valueAt(defaultNetworkPolicy, key);
  // What is decided of a listener is a word.
  if (sample === undefined || typeof sample === 'string') return text;
  if (isSize(key)) return text === 'none' ? 0 : (parseSize(text) ?? text);
  if (typeof sample === 'number') {
    if (text === 'off' && schemaAt(key).minimum === 0) return 0;
    return parseDuration(text) ?? (/^\d{1,12}$/.test(text) ? Number(text) : text);
  }
  return text === emptyList(key) ? [] : text.split(',').map((each) => each.trim());
}

/** A value as it is typed: times in their largest whole unit below weeks, lists with commas. */
function formatPolicyValue(key: string, value: PolicyValue): string {
  if (typeof value === 'string') return value;
  if (isSize(key)) return value === 0 ? 'none' : formatSize(Number(value));
  if (typeof value === 'number') return value === 0 ? 'off' : formatDuration(value);
  return value.length === 0 ? emptyList(key) : value.join(',');
}

/** Whether a number is one of bytes, and not of milliseconds. */
function isSize(key: string): boolean {
  return key.endsWith('Bytes');
}

/** What an empty list says: no bounds, or nothing at all. */
function emptyList(key: string): string {
  return key.endsWith('nameKinds') ? 'none' : 'any';
}

function unknownKey(key: string): HoldfastError {
  return new HoldfastError('settings_invalid', `policy has no key ${JSON.stringify(key.slice(0, 80))}`, {
    hint: `did you mean ${nearestWords(key, [...policyKeys, ...listenerKeys.map((field) => `listeners.main.${field}`)]).join(', ')}? holdfast policy show lists them all, docs/reference/policy.md explains them`,
  });
}

/** Keys of which more is weaker: what lives longer, what is let in. */
const moreIsWeaker = [
  'lifetimeMs',
  'requestLifetimeMs',
  'viewLifetimeMs',
  'backdateMs',
  'graceMs',
  'extendedKeyUsage',
  'nameKinds',
];

/** Keys of which less is weaker. */
const lessIsWeaker = ['retentionLockMs', 'trashTimeMs'];

/** What of a listener gives up something, be it that nobody comes who does not need it. */
const weakerWords = ['warn', 'off', 'intermediate', 'TLSv1.2'];

/** Switches of which `on` is weaker. */
const onIsWeaker = ['queue', 'underscores', 'sha1Proof'];

/** The keys of `policy` whose value gives up something that the default keeps. */
export function weakerPolicyKeys(policy: NetworkPolicy): readonly string[] {
  const defaults = new Map(policyEntries(defaultNetworkPolicy).map((entry) => [entry.key, entry]));
  return policyEntries(policy)
    .filter((entry) => !entry.isDefault && isWeaker(entry, defaults.get(entry.key)))
    .map(({ key }) => key);
}

function isWeaker({ key, value }: PolicyEntry, byDefault: PolicyEntry | undefined): boolean {
  const field = key.split('.').at(-1) ?? '';
  if (key.startsWith('listeners.')) return field !== 'metrics' && weakerWords.includes(String(value));
  if (onIsWeaker.includes(field)) return value === 'on';
  if (field === 'dataChannel') return value === 'plain';
  if (field === 'outsideRevocation') return value === 'off';
  if (lessIsWeaker.includes(field)) return Number(value) < Number(byDefault?.value);
  if (byDefault === undefined || !moreIsWeaker.includes(field)) return false;
  if (typeof value === 'number') return value > Number(byDefault.value);
  return typeof value !== 'string' && value.length > [byDefault.value].flat().length;
}

/**
 * How a listener is weaker than the default, one sentence for each way, for the log at start, `status` and the console.
 * Empty when it is not.
 */
export function weakerThanDefault(listener: ListenerPolicy): readonly string[] {
  if (listener.kind === 'plain') return [];
  const { name, clientCertificate, minimumVersion, groups, services } = listener;
  const guarded = services.filter((service) => service === 'storage' || service === 'control');
  const findings: string[] = [];
  if (guarded.length > 0 && clientCertificate !== 'require') {
    findings.push(`listener ${name} offers ${guarded.join(' and ')} without requiring a client certificate`);
  }
  if (minimumVersion !== 'TLSv1.3') {
    findings.push(`listener ${name} accepts ${minimumVersion}; the default is TLSv1.3`);
  }
  if (groups[0] === undefined || !isPostQuantum(groups[0])) {
    findings.push(
      `listener ${name} does not prefer a post-quantum key exchange; its first group is ${groups[0]}`,
    );
  }
  return findings;
}
