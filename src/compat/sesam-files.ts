/** A file of SEP sesam's `ini` directory that holds a certificate or key. */
export interface SesamFile {
  /** Below the `ini` directory. */
  readonly path: string;
  readonly mode: number;
}

/** Where the original keeps its configuration and, below it, certificates. */
export const defaultIniDirectory = '/var/opt/sesam/var/ini';

const everybody = 0o644;
const ownerAlone = 0o600;

/** The files by what is in them: certificates for everybody to read, keys for their owner alone. */
export const sesamFiles = {
  rootCertificate: { path: 'ca/rootCA.pem', mode: everybody },
  rootKey: { path: 'ca/rootCA.key', mode: ownerAlone },
  clientCertificate: { path: 'x.509/client.pem', mode: everybody },
  clientKey: { path: 'x.509/client.key', mode: ownerAlone },
  serverCertificate: { path: 'ssl/server.pem', mode: everybody },
  serverKey: { path: 'ssl/server.key', mode: ownerAlone },
} as const satisfies Record<string, SesamFile>;
