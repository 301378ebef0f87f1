import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import { parseClientFile, withoutRepeats } from './client-file.ts';

function read(text: string, encoding: BufferEncoding = 'utf8'): string[] {
  return parseClientFile(Buffer.from(text, encoding)).map(({ line, option, value, part, meaning }) => {
    const { kind, ...rest } = meaning;
    const more = Object.values(rest).join(' ');
    return `${line} [${part}] ${option}=${value}: ${`${kind} ${more}`.trim()}`;
  });
}

const sesam = `; of the client
[SBC_SSL]
SBC_CLIENT_SSL_AUTH=1   #For client-side verification
sbc_ssl_server_verify = 0
SBC_ANYTHING=7
[STPD_Server]
STPD_HTTPS_USE_CLIENT_CERT=2 #Possible values
SBC_CLIENT_SSL_AUTH=yes
`;

const meant = [
  '3 [SBC_SSL] SBC_CLIENT_SSL_AUTH=1: client presentCertificate on',
  '4 [SBC_SSL] sbc_ssl_server_verify=0: client verifyServer off',
  '5 [SBC_SSL] SBC_ANYTHING=7: unknown',
  `7 [STPD_Server] STPD_HTTPS_USE_CLIENT_CERT=2: elsewhere server holdfast policy set listeners.main.clientCertificate require`,
  '8 [STPD_Server] SBC_CLIENT_SSL_AUTH=yes: left out expected 0 or 1, found "yes"',
];

test('the ini files of SEP sesam say the same in every encoding and with every end of a line', () => {
  assert.deepEqual(read(sesam), meant);
  assert.deepEqual(read(sesam.replaceAll('\n', '\r\n')), meant);
  assert.deepEqual(read(`\uFEFF${sesam}`), meant);
  assert.deepEqual(read(`\uFEFF${sesam}`, 'utf16le'), meant);
  const swapped = Buffer.from(`\uFEFF${sesam}`, 'utf16le').swap16();
  assert.equal(parseClientFile(swapped).length, meant.length);
});

test('the options of IBM Spectrum Protect may be shortened to their capitals, in any case, and stand in stanzas', () => {
  const lines = read(`* the system options
SErvername  VAULT
  COMMMethod         TCPip
  tcps               "vault.example"
  TCPPort            1500
  SSL Yes
  ssldisablelegacy   y
  SSLDISABLELEGACYTLS no
  SSLFIPSMODE yes
SE other
  TCPSERVERADDRESS   other.example
  TCP 1
  PASSWORDACCESS generate
`);
  assert.deepEqual(
    lines.map((line) => line.replace(/: (already|left out) .*/, ': $1')),
    [
      '3 [VAULT] COMMMethod=TCPip: already',
      '4 [VAULT] tcps=vault.example: host vault.example',
      '5 [VAULT] TCPPort=1500: port 1500',
      '6 [VAULT] SSL=Yes: already',
      '7 [VAULT] ssldisablelegacy=y: already',
      '8 [VAULT] SSLDISABLELEGACYTLS=no: left out',
      '9 [VAULT] SSLFIPSMODE=yes: left out',
      '11 [other] TCPSERVERADDRESS=other.example: host other.example',
      '12 [other] TCP=1: unknown',
      '13 [other] PASSWORDACCESS=generate: unknown',
    ],
  );
});

test('what is for the server, or asks a person, is the exact command', () => {
  const lines = read(`[STPD_Server]
STPD_HTTPS_USE_CLIENT_CERT=1
STPD_HTTPS_USE_CLIENT_CERT=3
STPD_HTTPS_PORT=11443
STPD_HTTPS_PORT=65534
STPD_HTTP_PORT=11001
`);
  assert.deepEqual(
    lines.map((line) => line.replace(/^.*?: /, '')),
    [
      'elsewhere server holdfast policy set listeners.main.clientCertificate warn',
      'left out expected 0, 1 or 2, found "3"',
      'elsewhere server holdfast serve --port 11443',
      'left out expected a port up to 65533, found "65534"',
      'elsewhere server holdfast policy set dataChannel plain',
    ],
  );
  const options = read('SSL No\nSSLACCEPTCERTFROMSERV Yes\nSSLACCEPTCERTFROMSERV No\nSSLTCPPORT 1543\n');
  assert.deepEqual(
    options.map((line) => line.replace(/^.*?: /, '').replace(/^already .*/, 'already')),
    [
      'elsewhere server holdfast policy set dataChannel plain',
      'elsewhere here holdfast trust accept https://SERVER',
      'already',
      'elsewhere server holdfast serve --port 1543',
    ],
  );
});

test('what is no text or too long is refused, and bytes of an old code page are read', () => {
  for (const bytes of [Buffer.from([1, 0, 2]), Buffer.from('\n'.repeat(30_000))])
    assert.throws(
      () => parseClientFile(bytes),
      (error) => isHoldfastError(error, 'settings_invalid'),
    );
  assert.equal(parseClientFile(Buffer.from('TCPS v\xe4ult', 'latin1'))[0]?.value, 'väult');
});

test('an ini file without sections is one, and what is none of its lines is shown as it stands', () => {
  const place = 'elsewhere server holdfast policy set listeners.main.clientCertificate require';
  assert.deepEqual(read('STPD_HTTPS_USE_CLIENT_CERT=2\n[half\n=5\nword\n'), [
    `1 [] STPD_HTTPS_USE_CLIENT_CERT=2: ${place}`,
    '2 [] [half=: unknown',
    '3 [] =5=: unknown',
    '4 [] word=: unknown',
  ]);
});

test('addresses that cannot be are left out', () => {
  const text = 'TCPS\nTCPS a/b\nTCPS 2001:db8::1\nTCPP 99999\nTCPP 0\nSSLPORT 443\n';
  assert.deepEqual(
    parseClientFile(Buffer.from(text)).map(({ meaning: { kind } }) => kind),
    ['left out', 'left out', 'host', 'left out', 'left out', 'port'],
  );
});

test('of what is said several times the last counts', () => {
  const text = '[A]\nSBC_SSL_SERVER_VERIFY=1\n[B]\nSBC_SSL_SERVER_VERIFY=0\nSBC_X=1\nSBC_X=1\n';
  const [first, ...others] = withoutRepeats(parseClientFile(Buffer.from(text)));
  assert.deepEqual(first?.meaning, { kind: 'left out', why: 'line 4 says it again' });
  assert.deepEqual(
    others.map(({ meaning: { kind } }) => kind),
    ['client', 'unknown', 'unknown'],
  );
});
