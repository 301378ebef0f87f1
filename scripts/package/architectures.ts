import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A processor that packages are made for, by Node's name for it. */
export type Architecture = 'x64' | 'arm64';

/** What the others call it. */
export const architectureNames: Readonly<
  Record<Architecture, { readonly deb: string; readonly rpm: string }>
> = {
  x64: { deb: 'amd64', rpm: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64' },
};

const modules = join(import.meta.dirname, '../../node_modules');

/**
 * Puts the Node of an architecture, and the native part of koffi for it, below `directory/node_modules`, where the launcher and
 * koffi look for them: npm's packages of just the versions of this checkout. Returns the licence of that Node.
 */
export function addNativeParts(architecture: Architecture, directory: string, work: string): string {
  const node = fetchPackage(`node-linux-${architecture}@${versionOf('node')}`, work);
  const target = join(directory, 'node_modules/node');
  mkdirSync(join(target, 'bin'), { recursive: true });
  for (const part of ['package.json', 'LICENSE', 'bin/node']) cpSync(join(node, part), join(target, part));
  const name = `@koromix/koffi-linux-${architecture}`;
  const koffi = fetchPackage(`${name}@${versionOf('koffi')}`, work);
  // Node's own needs the C library of GNU, so what is for another is of no use.
  const filter = (path: string): boolean => !basename(path).startsWith('musl_');
  cpSync(koffi, join(directory, 'node_modules', name), { recursive: true, filter });
  return readFileSync(join(node, 'LICENSE'), 'utf8');
}

/** The version of a package of this checkout. */
function versionOf(name: string): string {
  return (JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as { version: string })
    .version;
}

/** Fetches a package from npm, whose client checks it, and unpacks it. Returns its folder. */
function fetchPackage(spec: string, work: string): string {
  const place = join(work, spec.replaceAll('/', '-'));
  mkdirSync(place, { recursive: true });
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', place, spec];
  const file = execFileSync('npm', words, { encoding: 'utf8' }).trim();
  execFileSync('tar', ['--extract', '--file', join(place, file), '--directory', place]);
  return join(place, 'package');
}
