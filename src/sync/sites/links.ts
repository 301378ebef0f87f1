import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  asBuffer,
  HoldfastError,
  isHoldfastError,
  Secret,
  systemErrorCode,
  withFileLock,
} from '../../base/index.ts';
import { type KeyAlgorithm, keyAlgorithmOf } from '../../pki/index.ts';
import type { Credentials } from '../../transport/index.ts';
import { Keystore, type KeystoreEditor } from '../../trust/index.ts';
import { type Keyed, type LinkKeys, makeLinkKeys } from './link-certificates.ts';
import { type LinkShares, parseBundle, type SiteBundle, signBundle } from './site-bundle.ts';

const Text = Type.String();
const Time = Type.Number();

/** What went wrong on a link, and since when. */
const Trouble = Type.Object({ code: Text, message: Text, since: Time });

/** A site that is trusted here. */
const StoredPartner = Type.Object({
  /** What it is called here. */
  name: Text,
  bundle: Text,
  since: Time,
  by: Type.Enum(['pairing', 'files']),
  /** The number of our own bundle that it holds, as it said last; left out while it has not. */
  knows: Type.Optional(Type.Integer()),
  /** When a link last worked, and in which direction. */
  reached: Type.Optional(Time),
  reachedBy: Type.Optional(Time),
  trouble: Type.Optional(Trouble),
});
type StoredPartner = Static<typeof StoredPartner>;

/** A pairing code that was given out here. Only one is open at a time. */
const StoredOffer = Type.Object({
  /** In hexadecimal: the scalar that stands for its words. */
  password: Text,
  expires: Time,
  state: Type.Enum(['open', 'used', 'burnt']),
  /** Fingerprint of the root that has paired by it, and the words that both sides show. */
  by: Type.Optional(Text),
  compare: Type.Optional(Text),
});
export type StoredOffer = Static<typeof StoredOffer>;

/** A code of somebody else that was tried here, so that nobody in between gets a second guess at it. */
const TriedCode = Type.Object({ mark: Text, tries: Type.Integer(), burnt: Type.Boolean(), at: Time });

const State = Type.Object({
  format: Type.Literal(1),
  own: Type.Object({
    bundle: Text,
    /** Of its keys. */
    generation: Type.Integer(),
    /** What its server listens on for links. */
    port: Type.Integer(),
    host: Type.Optional(Text),
    /** A bundle that follows it, whose keys are here: partners are being told. */
    next: Type.Optional(Text),
  }),
  partners: Type.Array(StoredPartner),
  offer: Type.Optional(StoredOffer),
  tried: Type.Array(TriedCode),
});
export type LinkState = Static<typeof State>;

/** A partner as it is worked with. */
export interface Partner extends Omit<StoredPartner, 'bundle'> {
  readonly bundle: SiteBundle;
}

/** How a site of this machine is begun. */
export interface SiteOrder {
  readonly site: string;
  readonly network: string;
  readonly networkRoot: string;
  readonly shares: LinkShares;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly host?: string | undefined;
  readonly algorithm: KeyAlgorithm;
  readonly nowMs: number;
}

const stateLabel = 'links';
const kinds = ['root', 'server', 'client'] as const;
type Kind = (typeof kinds)[number];
/** Keys of one generation stand beside those of the next until partners have been told. */
const labelOf = (kind: Kind, generation: number): string => `${kind} ${generation}`;

/**
 * The site that this machine is to others, and whom it trusts: keys, certificates and what is known of partners, in a keystore of
 * their own, so that each change is whole or not at all, and what was changed by another hand is found. Several processes may
 * have it open; {@link Links.fresh} looks whether another one has changed it.
 */
export class Links {
  readonly #directory: string;
  #keystore: Keystore;
  #state: LinkState;
  #own: SiteBundle;
  #partners: readonly Partner[];
  #seen: string;

  private constructor(directory: string, { keystore, seen }: Loaded) {
    this.#directory = directory;
    this.#keystore = keystore;
    this.#seen = seen;
    const { state, own, partners } = readState(keystore);
    this.#state = state;
    this.#own = own;
    this.#partners = partners;
  }

  /**
   * Opens the links of a home.
   * @throws HoldfastError `site_missing` where this machine is no site; `link_files_damaged`
   */
  static async open(directory: string): Promise<Links> {
    const links = await Links.find(directory);
    if (links !== undefined) return links;
    throw new HoldfastError('site_missing', 'this machine is no site to others yet');
  }

  /** The same, or undefined where this machine is no site. */
  static async find(directory: string): Promise<Links | undefined> {
    const loaded = await load(directory);
    return loaded && new Links(directory, loaded);
  }

  /**
   * Makes this machine a site: the root of its links, a server and a client certificate.
   * @throws HoldfastError `site_exists`; `site_busy` while another process makes one
   */
  static async generate(directory: string, order: SiteOrder): Promise<Links> {
    return await alone(directory, async () => {
      const before = await Links.find(directory);
      if (before !== undefined) throw siteExists(before.own);
      const keys = await makeLinkKeys(order);
      const bundle = signBundle(bundleOrder(order, keys, 1), [keys.root.key]);
      const state: LinkState = {
        format: 1,
        own: {
          bundle: bundle.text,
          generation: 1,
          port: order.port,
          ...(order.host !== undefined && { host: order.host }),
        },
        partners: [],
        tried: [],
      };
      const keystore = (await Keystore.exists(directory))
        ? await Keystore.open(directory)
        : await Keystore.create(directory);
      await keystore.update((entries) => {
        putKeys(entries, keys, 1);
        putState(entries, state);
      });
      return await Links.open(directory);
    });
  }

  get directory(): string {
    return this.#directory;
  }

  /** What this site says of itself. */
  get own(): SiteBundle {
    return this.#own;
  }

  get state(): LinkState {
    return this.#state;
  }

  get partners(): readonly Partner[] {
    return this.#partners;
  }

  /** @throws HoldfastError `site_unknown` */
  partner(name: string): Partner {
    const found = this.#partners.find((each) => each.name === name);
    if (found !== undefined) return found;
    throw new HoldfastError('site_unknown', `no site ${JSON.stringify(name)} is trusted here`);
  }

  /** What is shown to others on a link. @throws HoldfastError `link_files_damaged` */
  credentials(kind: 'server' | 'client'): Credentials {
    const { der, key } = this.keyed(kind);
    return { chain: [der], privateKey: key };
  }

  /** A private key of this site with its certificate, for its own machine alone. @throws HoldfastError `link_files_damaged` */
  keyed(kind: Kind): Keyed {
    const label = labelOf(kind, this.#state.own.generation);
    const [der] = this.#keystore.has(label) ? this.#keystore.certificate(label) : [];
    if (der === undefined) throw filesDamaged(this.#directory, `there is no ${label} in it`);
    return { der, key: this.#keystore.key(label) };
  }

  /** These links as they are by now, when another process has changed them. */
  async fresh(): Promise<Links> {
    if ((await markOf(this.#directory)) === this.#seen) return this;
    return await Links.open(this.#directory);
  }

  /** Changes what is known, on top of what the file holds by then, whole or not at all. */
  async change(change: (state: LinkState) => LinkState): Promise<Links> {
    await this.#keystore.update((entries) => putState(entries, change(stateIn(entries, this.#directory))));
    return await Links.open(this.#directory);
  }

  /**
   * Makes the next keys of this site, beside those that it has, and the bundle by which partners follow: the old root and the new
   * one have signed it. Keys that were begun before are gone on with.
   * @throws HoldfastError `site_busy`
   */
  async beginAnew(nowMs: number): Promise<Links> {
    return await alone(this.#directory, async () => {
      const links = await this.fresh();
      const { next, generation } = links.state.own;
      if (next !== undefined) return links;
      await links.#discardOthers();
      const { site, network, networkRoot, shares, addresses, sequence, root } = links.own;
      const order: SiteOrder = {
        site,
        network,
        networkRoot,
        shares,
        addresses,
        nowMs,
        port: links.state.own.port,
        algorithm: keyAlgorithmOf(root.spki),
      };
      const keys = await makeLinkKeys(order);
      const signers = [keys.root.key, links.keyed('root').key];
      const bundle = signBundle(bundleOrder(order, keys, sequence + 1), signers);
      await links.#keystore.update((entries) => {
        putKeys(entries, keys, generation + 1);
        const state = stateIn(entries, this.#directory);
        putState(entries, { ...state, own: { ...state.own, next: bundle.text } });
      });
      return await Links.open(this.#directory);
    });
  }

  /** The bundle that partners are told of while keys are made anew. */
  nextBundle(): string {
    const { next } = this.#state.own;
    if (next === undefined) throw new TypeError('no keys are being made anew');
    return next;
  }

  /** Takes the keys that were begun, and writes over the old ones; `told` are the partners that have the new bundle. */
  async endAnew(told: readonly string[]): Promise<Links> {
    return await alone(this.#directory, async () => {
      const links = await this.fresh();
      const next = parseBundle(links.nextBundle());
      await links.#keystore.update((entries) => {
        const state = stateIn(entries, this.#directory);
        const { next: _taken, ...own } = state.own;
        const partners = state.partners.map((each) => {
          const { knows: _before, ...rest } = each;
          return told.includes(each.name) ? { ...rest, knows: next.sequence } : each;
        });
        const now = { ...own, bundle: next.text, generation: own.generation + 1 };
        putState(entries, { ...state, partners, own: now });
      });
      const after = await Links.open(this.#directory);
      await after.#discardOthers();
      return await Links.open(this.#directory);
    });
  }

  /** Forgets the keys of other generations, and writes over what held them. */
  async #discardOthers(): Promise<void> {
    const kept = kinds.map((kind) => labelOf(kind, this.#state.own.generation));
    const others = this.#keystore.labels().filter((label) => label !== stateLabel && !kept.includes(label));
    for (const label of others) await this.#keystore.destroy(label);
  }

  /** Changes what is known of one partner. */
  async note(name: string, change: (partner: StoredPartner) => StoredPartner): Promise<Links> {
    return await this.change((state) => ({
      ...state,
      partners: state.partners.map((each) => (each.name === name ? change(each) : each)),
    }));
  }
}

/** Does `work` while nobody else makes, or makes anew, the keys of this site. @throws HoldfastError `site_busy` */
async function alone<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const lock = `${directory}.lock`;
  try {
    return await withFileLock(lock, work, { timeoutMs: 0 });
  } catch (error) {
    if (!isHoldfastError(error, 'home_in_use')) throw error;
    throw new HoldfastError('site_busy', `another process makes the keys of this site: ${error.message}`, {
      cause: error,
    });
  }
}

function bundleOrder(
  order: SiteOrder,
  { root, server, client }: LinkKeys,
  sequence: number,
): Parameters<typeof signBundle>[0] {
  const { site, network, networkRoot, shares, addresses, nowMs } = order;
  return {
    site,
    network,
    networkRoot,
    shares,
    addresses,
    sequence,
    made: new Date(nowMs),
    root: root.der,
    servers: [server.der],
    clients: [client.der],
  };
}

function siteExists({ site, root }: SiteBundle): HoldfastError {
  return new HoldfastError(
    'site_exists',
    `this machine is the site ${site} already, with the root ${root.fingerprint}`,
  );
}

function putKeys(entries: KeystoreEditor, keys: LinkKeys, generation: number): void {
  for (const kind of kinds) {
    entries.putKey(labelOf(kind, generation), keys[kind].key);
    entries.putCertificates(labelOf(kind, generation), [keys[kind].der]);
  }
}

function putState(entries: KeystoreEditor, state: LinkState): void {
  entries.putSecret(stateLabel, new Secret(Buffer.from(JSON.stringify(state))));
}

interface Loaded {
  readonly keystore: Keystore;
  /** By which a later look finds out whether anything has changed. */
  readonly seen: string;
}

/** Undefined where there is nothing yet, or where the first run was ended before it had made anything. */
async function load(directory: string): Promise<Loaded | undefined> {
  const seen = await markOf(directory);
  if (seen === undefined) return undefined;
  const keystore = await Keystore.open(directory).catch((error: unknown) => {
    if (!isHoldfastError(error, 'keystore_damaged', 'keystore_missing')) throw error;
    throw filesDamaged(directory, error.message, error);
  });
  return keystore.has(stateLabel) ? { keystore, seen } : undefined;
}

/** Of the file as it is: each change writes another one. */
async function markOf(directory: string): Promise<string | undefined> {
  try {
    const { ino, mtimeMs, size }: Stats = await stat(join(directory, 'keystore'));
    return `${ino} ${mtimeMs} ${size}`;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function readState(keystore: Keystore): {
  readonly state: LinkState;
  readonly own: SiteBundle;
  readonly partners: readonly Partner[];
} {
  const state = decodeState(keystore.secret(stateLabel), 'this home');
  const partners = state.partners.map((each) => ({ ...each, bundle: parseBundle(each.bundle) }));
  return { state, own: parseBundle(state.own.bundle), partners };
}

function stateIn(entries: KeystoreEditor, directory: string): LinkState {
  const secret = entries.secret(stateLabel);
  if (secret === undefined) throw filesDamaged(directory, 'what is known of the links is gone');
  return decodeState(secret, directory);
}

function decodeState(secret: Secret<Uint8Array>, directory: string): LinkState {
  const state: unknown = JSON.parse(asBuffer(secret.reveal()).toString());
  if (Check(State, state)) return state;
  throw filesDamaged(directory, 'what is known of the links is of another version');
}

function filesDamaged(directory: string, found: string, cause?: unknown): HoldfastError {
  return new HoldfastError('link_files_damaged', `the links in ${directory}: ${found}`, { cause });
}
