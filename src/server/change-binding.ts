import { type KeyObject } from 'node:crypto';
import { type Bytes, HoldfastError } from '../base/index.ts';
import { type Certificate, parseCertificate } from '../pki/index.ts';
import { type Keystore, type KeystoreEditor } from '../trust/index.ts';
import { type BindingTarget, bindingLabel } from './tls-bindings.ts';

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

function notBound({ kind, name }: BindingTarget): HoldfastError {
  return new HoldfastError('object_not_found', `nothing is bound to the ${kind} ${name}`, {
    hint: 'holdfast tls list shows what is',
  });
}
