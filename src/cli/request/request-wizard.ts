import {
  keyKinds,
  parseDraft,
  parseFriendlyName,
  parseKeyKind,
  parseSubject,
  type RequestDraft,
  type RequestFields,
} from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { formatGeneralName, formatName, type KeyAlgorithm } from '../../pki/index.ts';
import { parseRequestedNames } from '../../policy/index.ts';
import type { Context } from '../program/context.ts';
import { answerTo, askText } from '../terminal/answer.ts';

/** What the wizard found out. */
export interface WizardAnswers {
  readonly fields: RequestFields;
  /** Undefined where none was asked for. */
  readonly file: string | undefined;
}

/** What is there before anything is typed. */
export interface WizardStart {
  /** Answers that are offered. */
  readonly fields: RequestFields;
  /** Where the request would go, for its friendly name; undefined when it goes into no file. */
  readonly fileFor: ((friendlyName: string) => string) | undefined;
}

/**
 * Asks for everything a request says, one field after the other, each checked as it is typed, then shows it all and asks
 * whether it is to be made. Nothing is made here.
 * @throws HoldfastError `usage`, `key_weak` for a kind of key that there is not, `interrupted` when the answer is no, or at Ctrl-C
 */
export async function askForRequest(
  context: Context,
  { fields, fileFor }: WizardStart,
): Promise<WizardAnswers> {
  const keyKind = parseKeyKind(fields.key ?? 'p256');
  const friendlyName = await askText(
    context,
    'Friendly name, for this machine only',
    fields.friendlyName,
    parseFriendlyName,
  );
  const key = await askKey(context, keyKind);
  const o = await askText(context, 'Organisation', fields.o, subjectField('o'));
  const ou = await askText(context, 'Organisational unit', fields.ou, subjectField('ou'));
  const cn = await askText(context, 'Common name, which clients use', fields.cn, (text) =>
    parseSubject({ cn: text }),
  );
  const c = await askText(context, 'Country, two letters', fields.c, subjectField('c'));
  const st = await askText(context, 'State or province', fields.st, subjectField('st'));
  const l = await askText(context, 'City', fields.l, subjectField('l'));
  const names = await askText(
    context,
    'Host names and addresses, with commas',
    fields.names?.join(',') ?? cn,
    checkNames,
  );
  const file = fileFor && (await askText(context, 'File for the request', fileFor(friendlyName), checkFile));
  const answers = { fields: { ...fields, friendlyName, key, o, ou, cn, c, st, l, names: [names] }, file };
  await confirmSummary(context, summaryOf(parseDraft(answers.fields), file));
  return answers;
}

/** Every field of a request on a line of its own. */
export function summaryOf(
  { friendlyName, keyAlgorithm, subject, names }: RequestDraft,
  file: string | undefined,
): string {
  return [
    `friendly name  ${friendlyName}`,
    `key            ${keyKinds[keyAlgorithm]}`,
    `subject        ${formatName(subject)}`,
    `names          ${names.map(formatGeneralName).join(', ') || 'none'}`,
    ...(file === undefined ? [] : [`file           ${file}`]),
  ].join('\n');
}

async function askKey(context: Context, initialValue: KeyAlgorithm): Promise<string> {
  const { select } = await import('@clack/prompts');
  const options = Object.entries(keyKinds).map(([value, label]) => ({ value, label }));
  return await answerTo(context, (asking) => select({ message: 'Key', initialValue, options, ...asking }));
}

async function confirmSummary(context: Context, summary: string): Promise<void> {
  const { confirm, note } = await import('@clack/prompts');
  note(summary, 'This is what will be made', { output: process.stderr });
  const message = 'Make the key and the request?';
  if (await answerTo(context, (asking) => confirm({ message, ...asking }))) return;
  throw new HoldfastError('interrupted', 'no request was made');
}

function subjectField(field: 'o' | 'ou' | 'c' | 'st' | 'l'): (text: string) => unknown {
  return (text) => parseSubject({ cn: 'x', [field]: text });
}

function checkNames(text: string): void {
  if (text.trim() !== '') parseRequestedNames([text]);
}

function checkFile(text: string): void {
  if (text.trim() === '') throw new HoldfastError('usage', 'the name of a file is missing');
}
