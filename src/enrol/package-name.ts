import type { ReleaseFile } from './release.ts';

/** What the name of a package says: those that `npm run package` and `npm pack` write. */
interface NamedPackage extends Pick<ReleaseFile, 'kind' | 'platform' | 'architecture'> {
  readonly version: string;
}

const debArchitectures = { amd64: 'x64', arm64: 'arm64' } as const;
const rpmArchitectures = { x86_64: 'x64', aarch64: 'arm64' } as const;

/** Reads what a name says; undefined for one that is of no package. */
export function namedPackage(name: string): NamedPackage | undefined {
  const [, debVersion, debArchitecture] = /^holdfast_([^_/]+)_(amd64|arm64)\.deb$/.exec(name) ?? [];
  if (debVersion !== undefined)
    return {
      kind: 'deb',
      platform: 'linux',
      architecture: debArchitectures[debArchitecture as keyof typeof debArchitectures],
      version: debVersion,
    };
  const [, rpmVersion, rpmArchitecture] = /^holdfast-([^_/]+)-\d+\.(x86_64|aarch64)\.rpm$/.exec(name) ?? [];
  if (rpmVersion !== undefined)
    return {
      kind: 'rpm',
      platform: 'linux',
      architecture: rpmArchitectures[rpmArchitecture as keyof typeof rpmArchitectures],
      version: rpmVersion,
    };
  const [, tgzVersion] = /^holdfast-([^_/]+)\.tgz$/.exec(name) ?? [];
  return tgzVersion === undefined
    ? undefined
    : { kind: 'tgz', platform: 'any', architecture: 'any', version: tgzVersion };
}
