import type { KeyObject } from 'node:crypto';
import type {
  BindingOrder,
  BindingTarget,
  Bound,
  BoundCertificate,
  ServerBindingDesk,
} from '../admin/index.ts';
import type { Authority } from '../authority/index.ts';
import { type Bytes, type Clock, HoldfastError } from '../base/index.ts';
import { type Certificate, parseCertificate } from '../pki/index.ts';
import { type ListenerPolicy, reachableNames } from '../policy/index.ts';
import { type Keystore, type KeystoreEditor } from '../trust/index.ts';
import { bindingTarget, checkBinding, covers, goingBefore, hostsOf, isShownAt } from './check-binding.ts';
import {
  bindingLabel,
  bindingName,
  boundCertificates,
  checkPair,
  describeBinding,
  readBindings,
} from './tls-bindings.ts';

/** Whom clients are told to believe for what is bound, and what the log says of it. */
export type ToldRoots = Pick<Authority['serverRoots'], 'bound' | 'bind' | 'unbind'>;

/** Of a server without an authority, from which clients hear nothing of whom to believe. */
export const noToldRoots: ToldRoots = {
  bound: async () => new Map(),
  async bind({ roots }) {
    if (roots.length === 0) return;
    throw new HoldfastError(
      'usage',
      'a server without an authority has no clients that it tells of roots: --roots is of no use here',
      {
        hint: 'leave --roots out; on each client whose system does not trust who signed it: holdfast trust add --server NAME --file FILE',
      },
    );
  },
  async unbind() {},
};

/** Where the certificates from elsewhere are kept, and of which server they are. */
export interface BindingPlace {
  readonly roots: ToldRoots;
  /** The keystore of the server's machine, made where there is none. */
  readonly keystore: () => Promise<Keystore>;
  /** The same for who only looks: undefined where there is none. */
  readonly findKeystore: () => Promise<Keystore | undefined>;
  /** The private key that the request of a certificate was made with on this machine. */
  readonly keyOf: (keystore: Keystore, chain: readonly Bytes[]) => Promise<KeyObject>;
  readonly listeners: readonly ListenerPolicy[];
  /** Host names and addresses that clients are configured with. */
  readonly names: readonly string[];
  readonly clock: Clock;
  /** Has the running server read the keystore again; nothing where none runs. */
  readonly reload: () => Promise<void>;
}

/** What a server shows for certain hosts and listeners, and changes of it. */
export class BindingDesk implements ServerBindingDesk {
  readonly #place: BindingPlace;

  constructor(place: BindingPlace) {
    this.#place = place;
  }

  async list(): Promise<readonly BoundCertificate[]> {
    const { findKeystore, clock } = this.#place;
    const keystore = await findKeystore();
    return keystore === undefined ? [] : boundCertificates(keystore, clock.now());
  }

  async lost(): Promise<readonly string[]> {
    const lost = await this.#lostFrom(await this.#place.findKeystore());
    return [...lost.keys()].map((name) => describeBinding(targetNamed(name)));
  }

  async #lostFrom(keystore: Keystore | undefined): Promise<ReadonlyMap<string, readonly string[]>> {
    const isHere = (name: string): boolean => {
      const target = targetNamed(name);
      return [bindingLabel(target), leavingLabel(target)].some((label) => keystore?.has(label));
    };
    return new Map([...(await this.#place.roots.bound())].filter(([name]) => !isHere(name)));
  }

  /** Errors: as {@link bindingTarget}, {@link checkBinding}, {@link checkPair} */
  async bind({ chain, roots, key: given, by, ...to }: BindingOrder): Promise<Bound> {
    const { listeners, clock, keyOf, roots: told, reload } = this.#place;
    const names = reachableNames(this.#place.names);
    const target = bindingTarget(to, listeners);
    const leaf = checkBinding({ target, chain, roots, at: new Date(clock.now()) });
    const keystore = await this.#place.keystore();
    const key = given ?? (await keyOf(keystore, chain));
    checkPair(leaf, key);
    const hosts = hostsOf(target, leaf, names);
    const { fingerprint } = leaf;
    await bindCertificate(keystore, target, { chain, key }, async () => {
      await told.bind({ target: bindingName(target), fingerprint, hosts, roots, by });
      await reload();
    });
    const isKnown = target.kind === 'listener' || names.some((name) => name.toLowerCase() === target.name);
    const uncovered = target.kind === 'listener' ? names.filter((each) => !covers(leaf, each)) : [];
    const exceptions = goingBefore(target, readBindings(keystore));
    const noJoining = listeners
      .filter((listener) => listener.services.includes('enrol') && isShownAt(target, listener, exceptions))
      .map(({ name }) => name);
    return { target, leaf, uncovered, isKnown, exceptions, noJoining };
  }

  /** @throws HoldfastError `object_not_found` when nothing is bound there */
  async unbind({ by, ...to }: Pick<BindingOrder, 'host' | 'listener' | 'by'>): Promise<BindingTarget> {
    const { listeners, roots: told, reload } = this.#place;
    const names = reachableNames(this.#place.names);
    const target = bindingTarget(to, listeners);
    const name = bindingName(target);
    const forget = async (hosts: readonly string[]): Promise<void> => {
      await told.unbind({ target: name, hosts, by });
      await reload();
    };
    const keystore = await this.#place.keystore();
    const lost = (await this.#lostFrom(keystore)).get(name);
    if (lost === undefined)
      await unbindCertificate(keystore, target, (leaf) => forget(hostsOf(target, leaf, names)));
    else await forget(lost);
    return target;
  }
}

/** The target that stands on record as {@link bindingName} writes it. */
function targetNamed(name: string): BindingTarget {
  const at = name.indexOf(' ');
  return { kind: name.slice(0, at) === 'host' ? 'host' : 'listener', name: name.slice(at + 1) };
}

/** Under which label a binding waits until the server knows that it is none any more. */
function leavingLabel({ kind, name }: BindingTarget): string {
  return `unbound ${kind} ${name}`;
}

/** What stands under a label of a keystore for a certificate that is shown. */
export interface Shown {
  readonly chain: readonly Bytes[];
  readonly key: KeyObject;
}

/** Shows a certificate for `target` from now on: the keystore has it, then the server is told; when that fails it is as it was. */
export async function bindCertificate(
  keystore: Keystore,
  target: BindingTarget,
  next: Shown,
  tell: () => Promise<void>,
): Promise<void> {
  const label = bindingLabel(target);
  const before = shownAt(keystore, label);
  await keystore.update((entries) => {
    put(entries, label, next);
    entries.remove(leavingLabel(target));
  });
  try {
    await tell();
  } catch (error) {
    await keystore.update((entries) => put(entries, label, before));
    throw error;
  }
}

/**
 * Shows it no longer: as {@link bindCertificate}. `tell` is given the certificate that was shown. Cut off, it is known what
 * the server is still to be told.
 * @throws HoldfastError `object_not_found` when nothing is bound there
 */
export async function unbindCertificate(
  keystore: Keystore,
  target: BindingTarget,
  tell: (leaf: Certificate) => Promise<void>,
): Promise<void> {
  const [label, leaving] = [bindingLabel(target), leavingLabel(target)];
  const at = [label, leaving].find((each) => keystore.has(each));
  if (at === undefined) throw notBound(target);
  const leaf = parseCertificate(keystore.certificate(at)[0] as Bytes);
  const before = shownAt(keystore, label);
  if (before !== undefined) await move(keystore, before, { from: label, to: leaving });
  try {
    await tell(leaf);
  } catch (error) {
    if (before !== undefined) await move(keystore, before, { from: leaving, to: label });
    throw error;
  }
  await keystore.update((entries) => entries.remove(leaving));
}

async function move(
  keystore: Keystore,
  shown: Shown,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  await keystore.update((entries) => {
    entries.remove(from);
    put(entries, to, shown);
  });
}

function shownAt(keystore: Keystore, label: string): Shown | undefined {
  if (!keystore.has(label)) return undefined;
  return { chain: keystore.certificate(label), key: keystore.key(label) };
}

function put(entries: KeystoreEditor, label: string, shown: Shown | undefined): void {
  entries.remove(label);
  if (shown === undefined) return;
  entries.putKey(label, shown.key);
  entries.putCertificates(label, shown.chain);
}

function notBound(target: BindingTarget): HoldfastError {
  return new HoldfastError('object_not_found', `nothing is bound to ${describeBinding(target)}`, {
    hint: 'holdfast tls list shows what is',
  });
}
