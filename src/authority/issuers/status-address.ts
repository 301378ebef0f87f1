import { HoldfastError } from '../../base/index.ts';

/** Where, below the status address, certificates say that things are. In certificates for twenty years: never changed. */
export const statusPaths = {
  /** The certificate of an issuer, DER. */
  certificate: (issuerLabel: string): string => `/-/status/${issuerLabel}.cer`,
  /** What an issuer has revoked. */
  crl: (issuerLabel: string): string => `/-/status/${issuerLabel}.crl`,
  ocsp: '/-/status/ocsp',
} as const;

/** The form in which a status address is kept: `http://host:port`. @throws HoldfastError `settings_invalid` */
export function parseStatusAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain =
    url !== undefined && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (url !== undefined && plain && ['http:', 'https:'].includes(url.protocol)) return url.origin;
  throw new HoldfastError(
    'settings_invalid',
    `status address ${text}: expected http://HOST:PORT without a path`,
    {
      hint: 'take a name that will stay: it goes into every certificate',
    },
  );
}
