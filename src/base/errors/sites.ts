import type { ErrorRow } from './error-row.ts';

/** Sites and links. */
export const sitesErrors = {
  site_missing: {
    happened: 'this machine is no site to others yet: it has no certificates for links',
    next: 'make them: holdfast site generate',
    kind: 'usage',
  },
  site_exists: {
    happened: 'this machine is a site already; which is named, with the fingerprint of its root',
    next: 'holdfast site regenerate makes its keys anew; holdfast site list shows who trusts it',
    kind: 'usage',
  },
  site_busy: {
    happened: 'another process is at work on the keys of this site',
    next: 'wait until it has ended: one run is enough',
  },
  site_unknown: {
    happened: 'no site of that name is trusted here',
    next: 'holdfast site list shows those that are',
    kind: 'usage',
  },
  site_changed: {
    happened:
      'a site of that name is trusted here, and this one has another root, which the one that is trusted has not signed; both fingerprints are named',
    next: 'ask the other side by another way; where it is right, holdfast site remove NAME, and then again',
    kind: 'certificate',
  },
  site_bundle_old: {
    happened: 'what a site says of itself has a lower number than what is held of it: it never goes back',
    next: 'have it exported again on the other side: holdfast site export DIR',
  },
  site_own: {
    happened: 'what is to be trusted is this very site',
    next: 'bring the files of the other side, and not those of this one',
    kind: 'usage',
  },
  site_folder_served: {
    happened: 'a folder is inside one that is served to others, where everybody could fetch what is in it',
    next: 'name a folder elsewhere',
    kind: 'usage',
  },
  site_files_missing: {
    happened: 'a folder has no file of a site in it',
    next: 'on the other side, holdfast site export DIR writes them; bring that folder here',
    kind: 'usage',
  },
  site_files_mixed: {
    happened: 'a folder has files of more than one site in it; they are named',
    next: 'give each site a folder of its own',
    kind: 'usage',
  },
  site_file_damaged: {
    happened: 'what a site says of itself cannot be read, or is not signed as it has to be',
    next: 'have it exported again on the other side: holdfast site export DIR',
  },
  site_key_exposed: {
    happened:
      'a private key has come with the files of a site; whoever has seen it can stand in for that site',
    next: 'tell the other side to make its keys anew: holdfast site regenerate; then bring the new files, without a .pfx or a .pvk',
    kind: 'refused',
  },
  pairing_code_invalid: {
    happened: 'the text is no pairing code, or has a word in it that none has; nothing was sent',
    next: 'copy it as holdfast site pair has shown it on the other side',
    kind: 'usage',
  },
  pairing_refused: {
    happened:
      'the pairing code was wrong, or somebody else answered in the place of the other side; it is burnt on both sides now',
    next: 'make another code on the other side: holdfast site pair',
    kind: 'refused',
    status: 403,
  },
  pairing_closed: {
    happened: 'no pairing code is open at that site: none was made, it has ended, was used, or is burnt',
    next: 'make another code on the other side: holdfast site pair',
    kind: 'refused',
    status: 403,
  },
  pairing_line: {
    happened: 'the line broke while two sites paired; the code is as good as before',
    next: 'run it again with the same code',
    kind: 'connection',
  },
  link_service_down: {
    happened: 'the other machine can be reached, and nothing there answers for links',
    next: 'on the other side, look whether the server runs: holdfast serve; and what address it has told: holdfast site list',
    kind: 'connection',
  },
  link_versions_differ: {
    happened: 'the two sides have no version of the link in common; both are named',
    next: 'bring both sides to the same version of Holdfast',
    kind: 'refused',
    status: 426,
  },
  link_certificate_mismatch: {
    happened:
      'the certificate that one side shows is not the one that the other trusts; both fingerprints are named',
    next: 'when the other side made its keys anew, bring its new files: holdfast site apply DIR, or pair again; else somebody stands in for it',
    kind: 'certificate',
    status: 403,
  },
  link_refused: {
    happened: 'the other side does not trust this site',
    next: 'bring the files of this site there, holdfast site export DIR and there holdfast site apply DIR, or pair: holdfast site pair',
    kind: 'refused',
    status: 403,
  },
  link_files_damaged: {
    happened: 'the keys or certificates for links on this machine cannot be read, or do not belong together',
    next: 'put the folder links of the home back from a copy; without one move it away, holdfast site generate, and pair with each site again',
  },
} as const satisfies Record<string, ErrorRow>;
