import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Bytes, concatBytes, HoldfastError } from '../../base/index.ts';
import { type Spake2Outcome, type Spake2Setting, wordsOf } from '../pairing/index.ts';
import type { PairHello } from './link-messages.ts';
import type { SiteBundle } from './site-bundle.ts';

/** What a site says before it pairs: what the exchange is bound to, and what has to be in its bundle afterwards. */
export function helloOf({ site, network, root, networkRoot }: SiteBundle): PairHello {
  return { site, network, root: root.fingerprint, networkRoot };
}

/**
 * What a pairing is bound to: who dials and who answers, each with its network and both roots, and this very TLS connection, by
 * its exporter (RFC 8446 §7.5). Who stands in between has two connections, and two exporters.
 */
export function pairSetting({
  dials,
  answers,
  socket,
}: {
  readonly dials: PairHello;
  readonly answers: PairHello;
  readonly socket: Socket;
}): Spake2Setting {
  return { identityA: encodeHello(dials), identityB: encodeHello(answers), additional: exporterOf(socket) };
}

/** The words that both sides show: who reads them out to the other knows that nobody is in between. */
export function compareWords({ key }: Pick<Spake2Outcome, 'key'>): string {
  return wordsOf(
    createHash('sha256')
      .update(concatBytes(Buffer.from('holdfast compare 1\n'), key))
      .digest(),
  );
}

/** @throws HoldfastError `site_file_damaged` where a bundle is not of the site that has paired */
export function checkPaired(bundle: SiteBundle, hello: PairHello): void {
  const said = helloOf(bundle);
  if (encodeHello(said).equals(encodeHello(hello))) return;
  throw new HoldfastError(
    'site_file_damaged',
    `the site ${bundle.site} with the root ${said.root} came, expected ${hello.site} with ${hello.root}, which has paired`,
  );
}

function encodeHello({ site, network, root, networkRoot }: PairHello): Buffer {
  return Buffer.from(JSON.stringify([site, network, root, networkRoot]));
}

const exporterLabel = 'EXPORTER-holdfast-site-pairing';
const exporterBytes = 32;

function exporterOf(socket: Socket): Bytes {
  if (!(socket instanceof TLSSocket)) throw new TypeError('a pairing is over TLS');
  return socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0));
}
