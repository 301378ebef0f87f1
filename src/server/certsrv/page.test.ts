import assert from 'node:assert/strict';
import { test } from 'node:test';
import { html } from './page.ts';

test('what is put into a page stays text, in an attribute too', () => {
  const said = `"><script>alert('1')</script>&`;
  const page = html`<a href="${said}">${said}</a>`.html;
  assert.doesNotMatch(page.slice(9), /["'][^>]*<script|<script|&(?!#)/);
  assert.equal(page.match(/</g)?.length, 2);
});

test('parts that are HTML stay so, one or many', () => {
  assert.equal(html`<p>${[html`<b>${1}</b>`, html`<i>&amp;</i>`]}</p>`.html, '<p><b>1</b><i>&amp;</i></p>');
});
