import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeCsvRow } from './export.ts';

describe('a line of CSV', () => {
  it('quotes what has commas, quotes or line breaks in it', () => {
    assert.equal(
      encodeCsvRow(['plain', 'a,b', 'say "no"', 'two\r\nlines', '']),
      'plain,"a,b","say ""no""","two\r\nlines",\r\n',
    );
  });

  it('takes the effect from what a spreadsheet would calculate', () => {
    for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])
      assert.match(encodeCsvRow([formula]), /^"?'/, JSON.stringify(formula));
    assert.equal(
      encodeCsvRow(['=HYPERLINK("http://evil.example")']),
      '"\'=HYPERLINK(""http://evil.example"")"\r\n',
    );
  });
});
