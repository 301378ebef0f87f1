import { HoldfastError } from '../base/index.ts';
import { urlHost } from '../policy/index.ts';

/** What a line of a vendor's file is for this program. */
export type Meaning =
  /** A key of `client set`, and its value as it is typed. */
  | {
      readonly kind: 'client';
      readonly key: 'presentCertificate' | 'verifyServer';
      readonly value: 'on' | 'off';
    }
  /** The host, or the port, of the server. */
  | { readonly kind: 'host' | 'port'; readonly value: string }
  /** Said already, whatever is chosen. */
  | { readonly kind: 'already'; readonly why: string }
  /** For a command of its own, here or at the server; `https://SERVER` in it is the one of the file. */
  | { readonly kind: 'elsewhere'; readonly where: 'here' | 'server'; readonly command: string }
  | { readonly kind: 'left out'; readonly why: string }
  | { readonly kind: 'unknown' };

/** A line that says something. */
export interface ClientFileLine {
  /** From 1 on. */
  readonly line: number;
  readonly option: string;
  readonly value: string;
  /** The section `[SBC_SSL]`, or the stanza that a `SErvername` begins; empty before the first. */
  readonly part: string;
  readonly meaning: Meaning;
}

/** A longer file is none that configures a client. */
export const maxClientFileBytes = 1024 * 1024;
const maxLines = 20_000;

/**
 * Reads `sm.ini` and `stpd.ini` of SEP sesam, and `dsm.opt` and `dsm.sys` of IBM Spectrum Protect: what each line says, and what that
 * is here. Which of them it is is seen by how it is written: the first have sections in brackets, and `=` after what is set.
 *
 * @throws HoldfastError `settings_invalid` for what is no text, or too long
 */
export function parseClientFile(bytes: Uint8Array): ClientFileLine[] {
  const lines = textOf(bytes).split(/\r\n|\r|\n/, maxLines + 1);
  if (lines.length > maxLines || bytes.length > maxClientFileBytes)
    throw new HoldfastError('settings_invalid', `the file is longer than ${maxLines} lines or 1 MiB`);
  return lines.some((line) => /^\s*(?:\[|\w+\s*=)/.test(line)) ? parseIni(lines) : parseOptions(lines);
}

/** UTF-16 and UTF-8 by their byte order mark, UTF-8 without one, else the code page of Western Europe. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (bytes.includes(0))
    throw new HoldfastError('settings_invalid', 'the file is no text: there is a zero byte in it');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** `[SECTION]`, `KEY=VALUE`, and what follows `#` or `;` is a comment. */
function parseIni(lines: readonly string[]): ClientFileLine[] {
  let part = '';
  return lines.flatMap((text, index) => {
    const said = (text.split(/[#;]/, 1)[0] ?? '').trim();
    if (said === '') return [];
    const section = /^\[([^\]]*)\]$/.exec(said)?.[1];
    if (section !== undefined) {
      part = section.trim();
      return [];
    }
    const equals = said.indexOf('=');
    const option = (equals <= 0 ? said : said.slice(0, equals)).trim();
    const value = equals <= 0 ? '' : unquoted(said.slice(equals + 1).trim());
    const meaning = sesamOptions[option.toUpperCase()]?.(value) ?? { kind: 'unknown' };
    return [{ line: index + 1, option, value, part, meaning }];
  });
}

/** `OPTION VALUE`, a comment where `*` comes first, and stanzas that a `SErvername` begins. */
function parseOptions(lines: readonly string[]): ClientFileLine[] {
  let part = '';
  return lines.flatMap((text, index) => {
    const said = text.trim();
    if (said === '' || said.startsWith('*')) return [];
    const [option = ''] = said.split(/\s/, 1);
    const value = unquoted(said.slice(option.length).trim());
    const name = spectrumName(option);
    if (name === 'SErvername') {
      part = value;
      return [];
    }
    const meaning = spectrumOptions[name ?? '']?.(value) ?? { kind: 'unknown' };
    return [{ line: index + 1, option, value, part, meaning }];
  });
}

function unquoted(text: string): string {
  const [first = ''] = text;
  return text.length > 1 && `"'`.includes(first) && text.endsWith(first) ? text.slice(1, -1) : text;
}

/** Of what is said several times for this machine the last counts; the lines before it say so. */
export function withoutRepeats(lines: readonly ClientFileLine[]): ClientFileLine[] {
  const last = new Map(lines.map((each) => [placeOf(each), each.line]));
  return lines.map((each) => {
    const place = placeOf(each);
    const line = last.get(place);
    if (place === undefined || line === each.line) return each;
    return { ...each, meaning: { kind: 'left out', why: `line ${line} says it again` } };
  });
}

/** What a line decides for this machine; undefined for nothing. */
function placeOf({ meaning }: ClientFileLine): string | undefined {
  if (meaning.kind === 'client') return meaning.key;
  return meaning.kind === 'host' || meaning.kind === 'port' ? meaning.kind : undefined;
}

type Read = (value: string) => Meaning;

function host(value: string): Meaning {
  return value.length > 0 && !/[\s/@?#\\]/.test(value) && URL.canParse(`https://${urlHost(value)}`)
    ? { kind: 'host', value }
    : { kind: 'left out', why: `expected a name or an address, found ${JSON.stringify(value.slice(0, 40))}` };
}

function port(value: string): Meaning {
  return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535
    ? { kind: 'port', value }
    : { kind: 'left out', why: `expected a port up to 65535, found ${JSON.stringify(value.slice(0, 40))}` };
}

/** Both are said by 0 and 1. */
function flag(value: string, key: 'presentCertificate' | 'verifyServer'): Meaning {
  if (value === '0') return { kind: 'client', key, value: 'off' };
  if (value === '1') return { kind: 'client', key, value: 'on' };
  return { kind: 'left out', why: `expected 0 or 1, found ${JSON.stringify(value.slice(0, 40))}` };
}

function atServer(command: string): Meaning {
  return { kind: 'elsewhere', where: 'server', command };
}

/** The first of the three ports of a server. */
function portAtServer(value: string): Meaning {
  return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_533
    ? atServer(`holdfast serve --port ${value}`)
    : { kind: 'left out', why: `expected a port up to 65533, found ${JSON.stringify(value.slice(0, 40))}` };
}

/** Control stays on TLS; what is stored goes plain, each object by a ticket. */
const plainData = atServer('holdfast policy set dataChannel plain');

const serverModes = ['off', 'warn', 'require'];

const sesamOptions: Readonly<Record<string, Read>> = {
  SBC_CLIENT_SSL_AUTH: (value) => flag(value, 'presentCertificate'),
  SBC_SSL_SERVER_VERIFY: (value) => flag(value, 'verifyServer'),
  STPD_HTTPS_USE_CLIENT_CERT: (value) => {
    const mode = /^[012]$/.test(value) ? serverModes[Number(value)] : undefined;
    return mode === undefined
      ? { kind: 'left out', why: `expected 0, 1 or 2, found ${JSON.stringify(value.slice(0, 40))}` }
      : atServer(`holdfast policy set listeners.main.clientCertificate ${mode}`);
  },
  STPD_HTTPS_PORT: portAtServer,
  STPD_HTTP_PORT: () => plainData,
  STPD_FTP_PORT: () => ({ kind: 'left out', why: 'nothing is sent by FTP' }),
};

/** `Yes` and `No` in any case, also shortened. */
function byAnswer(value: string, yes: Meaning, no: Meaning): Meaning {
  const said = value.toLowerCase();
  if (said !== '' && 'yes'.startsWith(said)) return yes;
  if (said !== '' && 'no'.startsWith(said)) return no;
  return { kind: 'left out', why: `expected Yes or No, found ${JSON.stringify(value.slice(0, 40))}` };
}

const alwaysTls: Meaning = { kind: 'already', why: 'control and data travel over TLS' };

/** By their names as the vendor prints them: what is written in capitals is the shortest form of each. */
const spectrumOptions: Readonly<Record<string, Read>> = {
  TCPServeraddress: host,
  TCPPort: port,
  SSLPORT: port,
  TCPADMINPort: () => ({
    kind: 'left out',
    why: 'an administrator joins as one: holdfast token create NAME --role admin',
  }),
  SSL: (value) =>
    // Control is encrypted all the same there, as here.
    byAnswer(value, alwaysTls, plainData),
  SSLTCPPort: portAtServer,
  SSLTCPADMINPort: () => ({
    kind: 'left out',
    why: 'a port for administration alone is a listener of its own: docs/guide/connection-policies.md',
  }),
  SSLREQuired: () => alwaysTls,
  SSLDISABLELEGACYtls: (value) =>
    byAnswer(
      value,
      { kind: 'already', why: 'nothing older than TLS 1.2 is spoken; holdfast client show says which' },
      { kind: 'left out', why: 'nothing older than TLS 1.2 is spoken' },
    ),
  SSLACCEPTCERTFROMSERV: (value) =>
    byAnswer(
      value,
      { kind: 'elsewhere', where: 'here', command: 'holdfast trust accept https://SERVER' },
      { kind: 'already', why: 'the first certificate is not believed unseen' },
    ),
  SSLFIPSMODE: (value) =>
    byAnswer(
      value,
      { kind: 'left out', why: 'the TLS library here is no FIPS module' },
      { kind: 'already', why: 'the TLS library here is no FIPS module' },
    ),
  NODename: () => ({
    kind: 'left out',
    why: 'the name of this machine is in its certificate: holdfast status',
  }),
  COMMMethod: (value) =>
    /^(?:v6)?tcpip$/i.test(value)
      ? { kind: 'already', why: 'it is TCP/IP' }
      : { kind: 'left out', why: 'servers are reached over TCP/IP alone' },
};

const spectrumNames = [...Object.keys(spectrumOptions), 'SErvername'];

/** The option that was meant, by its whole name or at least its capitals; case does not count. */
function spectrumName(said: string): string | undefined {
  const word = said.toLowerCase();
  return spectrumNames.find((name) => {
    const shortest = (name.match(/^[A-Z]+/)?.[0] ?? name).length;
    return word.length >= shortest && name.toLowerCase().startsWith(word);
  });
}
