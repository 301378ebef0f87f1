/** Every table of the schema, those that others refer to before them. The one that says whose records they are is last. */
export const tables = [
  'issuers',
  'identities',
  'certificates',
  'certificate_names',
  'join_codes',
  'join_code_uses',
  'escrows',
  'policy',
  'crls',
  'ocsp_signers',
  'requests',
  'mirrors',
  'backups',
  'server_roots',
  'log',
  'authority',
] as const;
