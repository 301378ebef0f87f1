import type { Command } from 'commander';
import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import { openHome } from '../home/home.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { formatRemaining } from '../terminal/format.ts';
import type { IssuedWithKey } from '../vendor/issue-with-key.ts';

/** Before a directory is made. @throws HoldfastError `home_missing`, with the word that makes one */
export async function checkHasAuthority({ home }: Context): Promise<void> {
  try {
    await openHome(home);
  } catch (cause) {
    if (!isHoldfastError(cause, 'home_missing')) throw cause;
    throw new HoldfastError('home_missing', cause.message, {
      hint: 'sm_ssl_cert ca makes the authority; --home DIR names another place',
      cause,
    });
  }
}

/** What was issued, and where it lies. */
export function issuedAnswer(
  { clock }: Context,
  { answer }: IssuedWithKey,
  files: { readonly certificate: string; readonly key: string },
): Answer {
  const { identity, serial, fingerprint, notAfter } = answer;
  const left = formatRemaining(new Date(notAfter).getTime() - clock.now());
  const rows = [
    row('issued', identity, `serial ${serial.slice(0, 16)}`, `valid ${left}`),
    row('certificate', files.certificate),
    row('key', files.key, 'move it to its machine; it was made here and is not kept elsewhere'),
  ];
  return { value: { identity, serial, fingerprint, notAfter, ...files }, rows };
}

/** Adds the options that say where files go. */
export function addPlaceOptions(command: Command): Command {
  return addRules(command, atMostOne('--path', '--ini'))
    .option('--path <dir>', 'where the files go, without a directory of their own')
    .option('--ini <dir>', 'the ini directory (SESAM_INI; /var/opt/sesam/var/ini)');
}
