import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isHoldfastError } from '../../base/index.ts';
import { listenersOf } from '../../policy/index.ts';
import { createHome } from './home.ts';
import { parseSettings, readSettings, writeSettings } from './settings.ts';

const text =
  'network = "backup.example"\nnames = ["vault"]\nport = 8443\nstatus_address = "http://vault:8445"\n';

test('settings are written with their meaning and read back the same', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-settings-'));
  try {
    const home = await createHome(join(directory, 'home'));
    const settings = parseSettings(text, 'holdfast.toml');
    assert.equal(await readSettings(home), undefined);
    await writeSettings(home, settings);
    assert.deepEqual(await readSettings(home), settings);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('without listeners of their own, settings give the default three on the port and the two after it', () => {
  const settings = parseSettings(text, 'holdfast.toml');
  assert.deepEqual(
    listenersOf(settings).map(({ address }) => address.port),
    [8443, 8444, 8445],
  );
  assert.deepEqual(
    listenersOf({ ...settings, port: 9000 }).map(({ address }) => address.port),
    [9000, 9001, 9002],
  );
});

test('an unknown key, a wrong type and text that is not TOML are each named', () => {
  const refused = (input: string, message: RegExp): void =>
    assert.throws(
      () => parseSettings(input, 'holdfast.toml'),
      (error) => isHoldfastError(error, 'settings_invalid') && message.test(error.message),
    );
  refused(`${text}colour = "red"\n`, /holdfast.toml: .*colour|additional/);
  refused(text.replace('8443', '"8443"'), /port/);
  refused(`${text}= 3\n`, /holdfast.toml:5/);
});

test('a table or a key that stands there twice is named as that, with both lines', () => {
  const refused = (added: string, message: string): void =>
    assert.throws(
      () => parseSettings(`${text}${added}`, 'holdfast.toml'),
      (error) => isHoldfastError(error, 'settings_invalid') && error.message === message,
    );
  const table = '\n[authority]\nbackup_every = "24h"\n';
  refused(`${table}${table}`, 'holdfast.toml:9: the table [authority] is there already, in line 6');
  refused(`${table}[ authority ]\n`, 'holdfast.toml:8: the table [authority] is there already, in line 6');
  refused('port = 1\n', 'holdfast.toml:5: the key port is there already, in line 3');
  refused(
    `${table}backup_every = "1h"\n`,
    'holdfast.toml:8: the key backup_every is there already, in line 7',
  );
  refused(`${table}backup_to = oops\n`, 'holdfast.toml:8: not valid TOML');
});

test('a plain listener that would carry storage is refused when the settings are read', () => {
  const listener = `
[[listeners]]
name = "open"
address = { port = 9000 }
kind = "plain"
client_certificate = "off"
minimum_version = "TLSv1.3"
groups = ["X25519"]
services = ["storage"]
`;
  assert.throws(
    () => parseSettings(text + listener, 'holdfast.toml'),
    (error) => isHoldfastError(error, 'settings_invalid') && /plain listener/.test(error.message),
  );
});
