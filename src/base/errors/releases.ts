import type { ErrorRow } from './error-row.ts';

/** Releases of this program, and updates by them. */
export const releasesErrors = {
  release_invalid: {
    happened:
      'a file of a release is no package of that version, or the version is not newer than what is published',
    next: 'name the packages that npm run package wrote, such as holdfast_0.2.0_amd64.deb: holdfast release publish --help',
    kind: 'usage',
    status: 400,
  },
  update_not_trusted: {
    happened:
      'a release was signed by somebody who may not: with a certificate for something else, of another network, expired or revoked',
    next: 'nothing was changed; ask the administrator of the network whether that is known',
    kind: 'certificate',
  },
  update_altered: {
    happened: 'what came of a release is not what was signed: the manifest, or bytes of a file',
    next: 'nothing was changed; somebody on the way may have done it: run it again, over another line',
    kind: 'refused',
  },
  update_truncated: {
    happened: 'a file of a release is shorter at the server than what was signed',
    next: 'nothing was changed; ask the administrator to publish the release again',
    kind: 'refused',
  },
  update_older: {
    happened:
      'an older release came than this machine has seen: somebody may be showing it what was true before',
    next: 'nothing was changed; holdfast release list at the server shows what is published',
    kind: 'refused',
  },
  update_not_installable: {
    happened: 'a release has no file for this machine, or one that is not what the manifest says of it',
    next: 'nothing was changed; have it published for this system: holdfast release publish FILE',
  },
  update_failed: {
    happened: 'the program that installs packages did not do it; what it wrote is named',
    next: 'mend what it says, and run holdfast update again: what was downloaded is kept',
  },
} as const satisfies Record<string, ErrorRow>;
