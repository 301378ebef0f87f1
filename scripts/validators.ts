import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'holdfast', 'validators');
const pyca = 'cryptography==50.0.2';
const webpki = join(cache, 'webpki');
const python = join(cache, pyca);

/** The Python that has pyca/cryptography, once {@link buildValidators} has been here. */
export const pycaPython = join(python, 'bin/python');

/** The program that judges by rustls-webpki, likewise. */
export const webpkiProgram = join(webpki, 'target/release/verify');

/** Brings the validators that no package of the system has, by pip and cargo, into the user's cache; whether they are there. */
export function buildValidators(): boolean {
  return buildPyca() && buildWebpki();
}

function buildPyca(): boolean {
  if (existsSync(join(python, 'complete'))) return true;
  return (
    run('python3', '-m', 'venv', '--clear', python) &&
    run(pycaPython, '-m', 'pip', '--quiet', '--disable-pip-version-check', 'install', pyca) &&
    run('touch', join(python, 'complete'))
  );
}

/** What has not changed is not built again, which cargo knows itself. */
function buildWebpki(): boolean {
  mkdirSync(webpki, { recursive: true });
  cpSync(join(import.meta.dirname, '../test/interop/validators/webpki'), webpki, {
    recursive: true,
    preserveTimestamps: true,
  });
  return run(cargo(), 'build', '--quiet', '--release', '--manifest-path', join(webpki, 'Cargo.toml'));
}

/** The one that rustup keeps up to date, where there is one: a system's own is often older than what it is to build. */
function cargo(): string {
  const ofRustup = join(homedir(), '.cargo/bin/cargo');
  return existsSync(ofRustup) ? ofRustup : 'cargo';
}

function run(program: string, ...words: string[]): boolean {
  const { status } = spawnSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0;
}
