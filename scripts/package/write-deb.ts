import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Architecture, architectureNames } from './architectures.ts';
import { afterInstall, afterPurge, afterRemoval, beforeRemoval } from './maintainer-scripts.ts';
import type { PackageFacts } from './package-facts.ts';

/**
 * Writes a package for Debian and its descendants from the files in `root`, by dpkg-deb (deb-control(5)). Returns its path.
 * Compressed by Zstandard, which dpkg reads since Debian 12 and Ubuntu 18.04.
 */
export function writeDeb(root: string, architecture: Architecture, facts: PackageFacts, to: string): string {
  const name = architectureNames[architecture].deb;
  const control = join(root, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), controlFile(facts, name, installedKiB(root)));
  writeScript(control, 'postinst', `[ "$1" = configure ] || exit 0\n${afterInstall}`);
  writeScript(control, 'prerm', `[ "$1" = remove ] || exit 0\n${beforeRemoval}`);
  writeScript(control, 'postrm', `if [ "$1" = purge ]; then\n${afterPurge}fi\n${afterRemoval}`);
  const file = join(to, `holdfast_${facts.version}_${name}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z9', '--build', root, file], { stdio: 'pipe' });
  return file;
}

function controlFile(facts: PackageFacts, architecture: string, size: number): string {
  const fields = {
    Package: 'holdfast',
    Version: facts.version,
    Architecture: architecture,
    Maintainer: facts.maintainer,
    'Installed-Size': String(size),
    Depends: 'libc6 (>= 2.28), libstdc++6 (>= 8), libgcc-s1, passwd',
    Section: 'admin',
    Priority: 'optional',
    Homepage: facts.homepage,
    Description: `${facts.description}\n ${facts.longDescription.replaceAll('\n', '\n ')}`,
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

function installedKiB(root: string): number {
  const said = execFileSync('du', ['--summarize', '--apparent-size', '--block-size=1024', root], {
    encoding: 'utf8',
  });
  return Number.parseInt(said, 10);
}

function writeScript(control: string, name: string, text: string): void {
  const path = join(control, name);
  writeFileSync(path, `#!/bin/sh\nset -e\n${text}`);
  chmodSync(path, 0o755);
}
