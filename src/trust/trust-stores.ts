import { access, glob, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** For whom a root is put into stores: one user, the accounts of services, everybody on the machine. */
export type StoreScope = 'user' | 'service' | 'machine';

/** A program with its words, as a person would type it. */
export type StoreCommand = readonly [program: string, ...words: string[]];

/** How a root comes into one store of this machine, and goes out of it. */
export interface TrustStore {
  /** `system store`, `NSS database DIR`, `Java cacerts FILE`. */
  readonly name: string;
  /** The file of ours that is put into it; undefined where a program alone changes it. */
  readonly own: string | undefined;
  /** What the programs change, and what is put back byte for byte. */
  readonly changes: readonly string[];
  /** Whether others write these files too, so that what they wrote since is never taken back. */
  readonly isDerived: boolean;
  readonly install: readonly StoreCommand[];
  /** After what was there before is there again. */
  readonly uninstall: readonly StoreCommand[];
  /** What takes the root out and leaves all else, where it is not known what the programs wrote. */
  readonly remove: readonly StoreCommand[];
}

/** Where stores are looked for. */
export interface StorePlaces {
  readonly platform: NodeJS.Platform;
  /** `/`, but for tests of other layouts. */
  readonly root: string;
  /** The user's. */
  readonly home: string;
  /** What the root is called in a store: `holdfast-backup.example`. */
  readonly name: string;
  /** A file with the root in PEM, which the programs read. */
  readonly file: string;
  /** The serial number of the root, in hexadecimal. */
  readonly serial: string;
}

/** The stores of a scope that are there. A service has none of its own on Linux: its programs read that of the system. */
export async function findTrustStores(
  scope: StoreScope,
  places: StorePlaces,
): Promise<readonly TrustStore[]> {
  const foreign = foreignStore(scope, places);
  if (foreign !== undefined) return [foreign];
  if (scope === 'user') return await nssStores(places);
  const system = await systemStore(places);
  return [...(system === undefined ? [] : [system]), ...(await javaStores(places, system))];
}

/** One layout of a system's store for all distributions that have it. */
interface Layout {
  /** Where roots of the administrator go. */
  readonly folder: string;
  readonly extension: string;
  readonly update: StoreCommand;
  /** What writes the store anew once a root is gone: an update leaves links that lead nowhere. */
  readonly renew: StoreCommand;
}

const layouts: readonly Layout[] = [
  // Debian and Alpine, each with what it derives from.
  {
    folder: 'usr/local/share/ca-certificates',
    extension: 'crt',
    update: ['update-ca-certificates'],
    renew: ['update-ca-certificates', '--fresh'],
  },
  // Red Hat, Fedora and theirs.
  {
    folder: 'etc/pki/ca-trust/source/anchors',
    extension: 'pem',
    update: ['update-ca-trust', 'extract'],
    renew: ['update-ca-trust', 'extract'],
  },
];

/** What Debian's update writes besides, for Java. */
const javaOfSystem = 'etc/ssl/certs/java/cacerts';

async function systemStore({ root, name }: StorePlaces): Promise<TrustStore | undefined> {
  for (const { folder, extension, update, renew } of layouts) {
    if (!(await isThere(join(root, folder)))) continue;
    const java = join(root, javaOfSystem);
    return {
      name: 'system store',
      own: join(root, folder, `${name}.${extension}`),
      changes: (await isThere(java)) ? [java] : [],
      isDerived: true,
      install: [update],
      uninstall: [renew],
      remove: [],
    };
  }
  return undefined;
}

/** Those of Java that the system's update does not write. */
async function javaStores(
  { root, name, file }: StorePlaces,
  system: TrustStore | undefined,
): Promise<readonly TrustStore[]> {
  const found = await matches(root, [
    'usr/lib/jvm/*/lib/security/cacerts',
    'usr/lib/jvm/*/jre/lib/security/cacerts',
  ]);
  const real = new Set(await Promise.all(found.map((path) => realpath(path))));
  return [...real]
    .filter((path) => system?.changes.includes(path) !== true)
    .map((path) => ({
      name: `Java cacerts ${path}`,
      own: undefined,
      changes: [path],
      isDerived: false,
      install: [
        [
          'keytool',
          '-importcert',
          '-noprompt',
          '-trustcacerts',
          '-alias',
          name,
          '-file',
          file,
          '-keystore',
          path,
          '-storepass',
          'changeit',
        ],
      ],
      uninstall: [],
      remove: [['keytool', '-delete', '-alias', name, '-keystore', path, '-storepass', 'changeit']],
    }));
}

const nssFiles = ['cert9.db', 'key4.db', 'pkcs11.txt'];

/** Of Chromium and of every Firefox profile, where they have been run. */
async function nssStores({ home, name, file }: StorePlaces): Promise<readonly TrustStore[]> {
  const found = await matches(home, [
    '.pki/nssdb/cert9.db',
    '.local/share/pki/nssdb/cert9.db',
    '.mozilla/firefox/*/cert9.db',
    'snap/firefox/common/.mozilla/firefox/*/cert9.db',
  ]);
  return found.map((path) => {
    const directory = join(path, '..');
    const certutil: StoreCommand = [
      '/usr/bin/certutil',
      '-A',
      '-d',
      `sql:${directory}`,
      '-n',
      name,
      '-t',
      'C,,',
      '-i',
      file,
    ];
    return {
      name: `NSS database ${directory}`,
      own: undefined,
      changes: nssFiles.map((each) => join(directory, each)),
      isDerived: false,
      install: [certutil],
      uninstall: [],
      remove: [['/usr/bin/certutil', '-D', '-d', `sql:${directory}`, '-n', name]],
    };
  });
}

/** Of macOS and Windows, whose own programs do all of it. */
function foreignStore(
  scope: StoreScope,
  { platform, file, serial, home }: StorePlaces,
): TrustStore | undefined {
  const store = { name: 'system store', own: undefined, changes: [], isDerived: true, remove: [] };
  if (platform === 'darwin') {
    const keychain =
      scope === 'user' ? `${home}/Library/Keychains/login.keychain-db` : '/Library/Keychains/System.keychain';
    const admin = scope === 'user' ? [] : ['-d'];
    return {
      ...store,
      install: [['security', 'add-trusted-cert', ...admin, '-r', 'trustRoot', '-k', keychain, file]],
      uninstall: [['security', 'remove-trusted-cert', ...admin, file]],
    };
  }
  if (platform !== 'win32') return undefined;
  const whose = scope === 'user' ? ['-user'] : [];
  return {
    ...store,
    install: [['certutil.exe', ...whose, '-addstore', 'Root', file]],
    uninstall: [['certutil.exe', ...whose, '-delstore', 'Root', serial]],
  };
}

async function matches(below: string, patterns: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pattern of patterns)
    for await (const path of glob(pattern, { cwd: below })) found.push(join(below, path));
  return found.toSorted();
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
