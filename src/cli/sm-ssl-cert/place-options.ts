import type { Command } from 'commander';
import { addRules, atMostOne } from '../options/word-rules.ts';

/** Adds the options that say where files go. */
export function addPlaceOptions(command: Command): Command {
  return addRules(command, atMostOne('--path', '--ini'))
    .option('--path <dir>', 'where the files go, without a directory of their own')
    .option('--ini <dir>', 'the ini directory (SESAM_INI; /var/opt/sesam/var/ini)');
}
