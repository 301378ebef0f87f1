import type { Command } from 'commander';
import type { Secret } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { choosePassword } from '../terminal/given-secrets.ts';

/** A password that is to open a repository from now on. */
export interface NewPasswordOptions {
  readonly newPasswordFile?: string;
}

/** Adds the option that says it where nobody types it. */
export function addNewPasswordOption(command: Command): Command {
  return command.option('--new-password-file <file>', 'the new password; typed twice where no file holds it');
}

/** The new password. @throws HoldfastError `usage` where there is none */
export async function newPasswordOf(
  context: Context,
  { newPasswordFile }: NewPasswordOptions,
): Promise<Secret<string>> {
  return await choosePassword(context, newPasswordFile, 'new password of the repository');
}
