import { HoldfastError, isErrorCode } from '../../base/index.ts';
import { type SiteTest, testSite } from '../../sync/index.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { ownLinks } from './own-links.ts';
import { stepRow } from './site-view.ts';

/** `holdfast site test NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description('test the link to a site in both directions, step by step')
      .argument('<name>', 'as holdfast site list has it')
      .addHelpText('after', '\nExamples:\n  holdfast site test north\n  holdfast site test north --json\n');
  },
  run: runTest,
};

/** `holdfast site test NAME` */
async function runTest(context: Context, name: string): Promise<Answer> {
  const { clock, signal } = context;
  const tested = await testSite(await ownLinks(context), name, { clock, signal });
  return {
    value: tested,
    rows: [
      ...tested.there.map((step) => stepRow('there:', step)),
      ...tested.back.map((step) => stepRow('back:', step)),
    ],
    failure: failureOf(tested),
  };
}

/** The first step that has failed. */
export function failureOf({ site, there, back }: SiteTest): HoldfastError | undefined {
  const failed = [...there, ...back].find(({ ok }) => !ok);
  if (failed === undefined) return undefined;
  const code = isErrorCode(failed.code) ? failed.code : 'link_refused';
  const { found, next } = failed;
  return new HoldfastError(
    code,
    `the link to ${site} does not work: ${found}`,
    next === undefined ? {} : { hint: next },
  );
}
