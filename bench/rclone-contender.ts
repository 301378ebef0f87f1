import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../test/rig/free-ports.ts';
import type { Contender, Place } from './contender.ts';
import { directorySize } from './directory-size.ts';
import { LineProxy } from './line-proxy.ts';
import { run } from './measure.ts';
import { type Restic, resticCommand } from './restic-words.ts';
import { startServer } from './server-process.ts';

/**
 * A restic against `rclone serve restic`, with client certificates of an authority that openssl makes; over a long line where
 * that is wanted.
 */
export function resticWithRclone(restic: Restic, isLine: boolean): Contender {
  const open = (directory: string) => openPlace(restic, directory, isLine);
  return { name: `${restic.name} → rclone`, isHoldfast: false, open };
}

async function openPlace(restic: Restic, directory: string, isLine: boolean): Promise<Place> {
  await makeCertificates(directory);
  const port = await freePorts(1);
  const stored = join(directory, 'repository');
  mkdirSync(stored);
  const words = [
    'serve',
    'restic',
    '--addr',
    `127.0.0.1:${port}`,
    '--cert',
    'server.pem',
    '--key',
    'server.key',
  ];
  const server = await startServer(
    {
      program: 'rclone',
      words: [...words, '--client-ca', 'ca.pem', stored],
      env: { HOME: directory },
      directory,
    },
    port,
  );
  const line = isLine ? await LineProxy.open(port) : undefined;
  const repository = [
    '--repo',
    `rest:https://127.0.0.1:${line?.port ?? port}/`,
    '--password-file',
    join(directory, 'password'),
  ];
  const options = ['--cacert', join(directory, 'ca.pem'), '--tls-client-cert', join(directory, 'client.pem')];
  const command = (words: readonly string[]) =>
    resticCommand(restic, directory, [...repository, ...options, ...words]);
  await run(command(['init']));
  return {
    command,
    storedBytes: () => directorySize(stored),
    servers: [server.pid],
    [Symbol.asyncDispose]: async () => {
      await line?.[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Writes an authority, a server's and a client's certificate, as the manuals of both programs ask for them. */
async function makeCertificates(directory: string): Promise<void> {
  writeFileSync(join(directory, 'password'), 'a password for measuring\n');
  const script = `
set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 2
for name in server client; do
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.csr -subj /CN=$name
  printf 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=%sAuth\\n' $name > $name.ext
  openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem
done
cat client.key >> client.pem
`;
  await run({ program: '/bin/sh', words: ['-c', script], env: {}, directory });
}
