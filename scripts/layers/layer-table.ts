/**
 * Which folder of `src/` may import which, one row for each: the "may import" column of the design.
 * A folder that has code and no row is an error, so that a new one is a decision and not an accident.
 */
export const mayImport: Readonly<Record<string, string>> = {
  base: '',
  pki: 'base',
  files: 'base',
  db: 'base',
  storage: 'base',
  trust: 'base pki',
  policy: 'base pki',
  transport: 'base pki trust policy',
  remote: 'base storage transport',
  repository: 'base files storage',
  mount: 'base files repository',
  enrol: 'base pki trust transport',
  notice: 'base trust transport',
  authority: 'base pki db trust policy enrol',
  replicate: 'base db storage remote',
  sync: 'base pki db trust policy transport files storage remote enrol',
  admin: 'base pki trust policy transport enrol authority replicate sync',
  server: 'base pki trust policy transport storage enrol notice authority replicate sync admin',
  agent: 'base pki files trust policy transport storage remote repository enrol',
  console: 'admin',
  compat: 'base policy',
  cli:
    'base pki files db storage trust policy transport remote repository mount enrol notice authority replicate sync admin server ' +
    'agent console compat',
  api: 'base pki enrol transport cli',
};

/** Development dependencies that the product imports too, since the package is a bundle that holds them. */
export const bundled: readonly string[] = [
  '@clack/prompts',
  '@noble/curves',
  'age-encryption',
  'cli-progress',
  'commander',
  'croner',
  'nodemailer',
  'pg',
  'pino',
  'prom-client',
  'smol-toml',
  'typebox',
  'yazl',
];

/**
 * The rooms of a folder that has some: which of them may import which, from the lowest to the highest. What stands beside
 * the rooms has the row of the folder's own name, and is imported by those that list it; the folder's `index.ts` shows any.
 */
export const roomsOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  pki: {
    der: '',
    name: 'der',
    key: 'der',
    certificate: 'der name key',
    'crl-ocsp': 'der name key certificate',
    cms: 'der name key certificate',
    pkcs12: 'der key certificate cms',
  },
  authority: {
    records: '',
    log: 'records',
    issuers: 'records log',
    standing: 'records log issuers',
    adopt: 'records log issuers',
    policy: 'records log issuers standing',
    nodes: 'records log standing',
    signing: 'issuers',
    issue: 'records log issuers standing signing',
    ocsp: 'records log issuers standing signing',
    revocation: 'records log issuers standing ocsp',
    custody: 'adopt records log issuers standing revocation',
    enrol: 'records log issuers standing signing issue revocation',
    requests: 'records log issuers standing signing issue enrol',
    mirror: 'records log issuers standing',
    sealed: 'records log',
    backup: 'records log issuers standing issue mirror sealed',
    releases: 'records log issuers standing policy issue sealed',
    views: 'records issuers standing policy nodes',
    upkeep: 'records log issuers standing policy ocsp revocation custody requests mirror backup',
    authority:
      'records log issuers standing policy nodes issue revocation custody enrol requests mirror backup releases views upkeep',
    opening:
      'records log enrol issuers adopt standing policy nodes signing issue custody mirror sealed backup authority',
    restore: 'records log issuers issue custody enrol mirror sealed opening',
    answers: 'records issue requests authority',
  },
};

/** Modules that only the named folders may import in the product's own code, and what that keeps true. */
export const onlyIn: readonly { modules: readonly string[]; folders: string; because: string }[] = [
  {
    modules: ['koffi'],
    folders: 'files transport pki',
    because: 'foreign function calls stay in three places',
  },
  { modules: ['node:sqlite', 'pg'], folders: 'db', because: 'every database is opened through db' },
  { modules: ['croner'], folders: 'policy', because: 'what a schedule means is said in one place' },
  { modules: ['nodemailer'], folders: 'notice', because: 'mail is sent in one place' },
  { modules: ['prom-client'], folders: 'server', because: 'what is counted is counted where it is told' },
  {
    modules: ['commander', '@clack/prompts', 'cli-progress', 'smol-toml'],
    folders: 'cli',
    because: 'words, settings and the terminal belong to the command line',
  },
  {
    modules: ['node:net', 'node:tls', 'node:http', 'node:https', 'node:http2', 'node:dgram'],
    folders: 'transport remote mount enrol replicate sync admin server agent compat cli',
    because: 'the authority and the backup engine can be read and tested without a network',
  },
];

/** Words of a language that only files below some folder may use, among those below another, and what that keeps true. */
export const wordsOnlyIn: readonly {
  readonly words: RegExp;
  readonly below: string;
  readonly only: string;
  readonly because: string;
}[] = [
  {
    words: /['"`]\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b/,
    below: 'src/authority/',
    only: 'src/authority/records/',
    because: 'what decides is given records, and never a statement',
  },
];
