import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** What of a package's own description a notice says. */
interface PackageDescription {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

/** The licences of the packages that these modules are of, as most of them ask to go along with every copy. */
export function packageNotices(modules: readonly string[]): string {
  const directories = new Set(modules.map(packageDirectory).filter((path) => path !== undefined));
  return [...directories].toSorted().map(notice).join('\n');
}

/** The directory of the package that a module is of, or undefined for one of ours. */
function packageDirectory(module: string): string | undefined {
  const [, directory] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module.replaceAll(sep, '/')) ?? [];
  return directory;
}

function notice(directory: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  ) as PackageDescription;
  const files = globSync('{LICEN[CS]E,licen[cs]e,NOTICE}*', { cwd: directory }).toSorted();
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8').trim());
  return [`${name} ${version} (${license})`, ...texts].join('\n\n') + '\n';
}
