import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manPages } from '../scripts/reference/man-pages.ts';
import { words } from '../src/cli/words.ts';

/** What man(7) knows, of that which our pages use. */
const requests = /^\.(?:TH|SH|SS|TP|PP|B|I|BR|RI|br|nf|fi)(?: |$)/;

test('each word has a manual page, with its commands, their options and examples', async () => {
  const pages = new Map((await manPages('1.2.3')).map(({ file, text }) => [file, text]));
  assert.deepEqual([...pages.keys()], ['holdfast.1', ...words.map(({ name }) => `holdfast-${name}.1`)]);
  const cert = pages.get('holdfast-cert.1') ?? '';
  assert.match(
    cert,
    /^\.TH "HOLDFAST-CERT" 1 "" "Holdfast 1\.2\.3"\n\.SH NAME\nholdfast\\-cert \\- list, show/,
  );
  assert.match(cert, /\.SS holdfast cert list\nlist the certificates that were issued/);
  assert.match(cert, /\.B \\-\\-expiring <duration>\nonly those that end so soon/);
  assert.match(cert, /holdfast cert list \\-\\-role client \\-\\-state revoked/);
  assert.match(pages.get('holdfast.1') ?? '', /\.BR holdfast\\-up \(1\)\nset everything up/);
});

test('no text of a page is taken for a request', async () => {
  for (const { file, text } of await manPages('1.2.3'))
    for (const line of text.split('\n')) if (/^[.']/.test(line)) assert.match(line, requests, file);
});
