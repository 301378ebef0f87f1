import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Architecture, architectureNames } from './architectures.ts';
import { afterInstall, afterRemoval, beforeRemoval } from './maintainer-scripts.ts';
import type { PackageFacts } from './package-facts.ts';

/**
 * Writes a package for Red Hat, Fedora, SUSE from the files in `root`, by rpmbuild (rpm-spec(5)). Returns its path. Nothing is
 * compiled: the files are taken as they are, and so the tool writes those of another processor too.
 */
export function writeRpm(
  root: string,
  architecture: Architecture,
  facts: PackageFacts,
  to: string,
  work: string,
): string {
  const name = architectureNames[architecture].rpm;
  const spec = join(work, `holdfast-${name}.spec`);
  writeFileSync(spec, specFile(root, facts));
  const build = join(work, `rpm-${name}`);
  mkdirSync(build);
  const defines = { _topdir: build, _rpmdir: to, _build_id_links: 'none', _binary_payload: 'w9.zstdio' };
  const words = Object.entries(defines).flatMap(([key, value]) => ['--define', `${key} ${value}`]);
  execFileSync('rpmbuild', ['-bb', '--quiet', '--target', `${name}-linux`, ...words, spec], {
    stdio: 'pipe',
  });
  return join(to, name, `holdfast-${facts.version}-1.${name}.rpm`);
}

/** On removal, a script is told how many versions are left: 0 when it is not an upgrade. */
function specFile(root: string, facts: PackageFacts): string {
  return `Name: holdfast
Version: ${facts.version}
Release: 1
Summary: ${facts.description}
License: ${facts.license}
${facts.homepage === '' ? '' : `URL: ${facts.homepage}\n`}Requires: glibc >= 2.28, libstdc++, shadow-utils
AutoReqProv: no
%global __os_install_post %{nil}
%global debug_package %{nil}

%description
${facts.longDescription}

%install
cp --archive ${root}/. %{buildroot}/
rm --recursive --force %{buildroot}/DEBIAN

%files
%defattr(-,root,root,-)
/usr/bin/holdfast
/usr/lib/holdfast
/usr/lib/systemd/system/*.service
/usr/share/bash-completion/completions/holdfast
/usr/share/fish/vendor_completions.d/holdfast.fish
/usr/share/zsh/site-functions/_holdfast
/usr/share/man/man1/*
%doc /usr/share/doc/holdfast

%post
${afterInstall}
%preun
[ "$1" = 0 ] || exit 0
${beforeRemoval}
%postun
${afterRemoval}`;
}
