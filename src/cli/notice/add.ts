import { Option } from 'commander';
import { openOrCreateKeystore } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import {
  type Channel,
  type ChannelTarget,
  changeChannels,
  checkChannel,
  keepSecret,
  readChannels,
} from '../../notice/index.ts';
import { machineName } from '../../transport/index.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import { ListOption } from '../options/option-values.ts';
import { addRules, exactlyOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import { readPasswordFile } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';
import { placeOf, viewChannel } from './list.ts';

/** `holdfast notice add NAME` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      exactlyOne('--mail', '--webhook', '--command', '--ping'),
      needs('--mail', '--smtp'),
      needs('--smtp', '--mail'),
      needs('--from', '--mail'),
      needs('--webhook', '--secret-file'),
      needs('--set', '--ping'),
    )
      .description('name who is told when something needs attention, and when it is good again')
      .argument('<name>', 'what the channel is called, e.g. ops')
      .addOption(new ListOption('--mail <list>', 'addresses that get mail'))
      .option('--smtp <url>', 'the mail server: smtp://host:587 or smtps://host, a user before @')
      .option('--from <address>', 'whom mail is from (default: holdfast@ this machine)')
      .option('--webhook <url>', 'where notices are posted as JSON, signed')
      .option('--command <file>', 'a program that gets them as JSON on its standard input')
      .option(
        '--ping <url>',
        'a watch that is told of each run of a set: /start, then nothing, /3 where files were left out, or /fail behind the address',
      )
      .option('--set <name>', 'the one set that the watch is for')
      .option('--secret-file <file>', 'the password of the mail user, or what a webhook is signed with')
      .addOption(
        new Option('--summary <schedule>', 'tell of everything that needs attention by itself, too').choices([
          'daily',
          'weekly',
        ]),
      )
      .addHelpText('after', examples);
  },
  run: addChannel,
};

const examples = `
The agent tells of the sets of this machine, a server of all nodes: one notice for each change, and one when it is good again. What
cannot be delivered waits, and status says so.

Examples:
  holdfast notice add ops --mail ops@example.com --smtp smtp://backup@mail.example.com:587 --secret-file smtp-password
  holdfast notice add chat --webhook https://chat.example.com/hooks/backup --secret-file hook-secret --summary daily
  holdfast notice add pager --command /usr/local/bin/page
  holdfast notice add watch --ping https://hc-ping.com/UUID --set documents
`;

interface AddOptions {
  readonly mail?: readonly string[];
  readonly smtp?: string;
  readonly from?: string;
  readonly webhook?: string;
  readonly command?: string;
  readonly ping?: string;
  readonly set?: string;
  readonly secretFile?: string;
  readonly summary?: 'daily' | 'weekly';
}

/** `holdfast notice add NAME`: the secret is there before the channel is. */
async function addChannel(context: Context, name: string, options: AddOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const { secretFile, summary } = options;
  const target = targetOf(context, options);
  if (target.kind === 'ping' && summary !== undefined)
    throw new HoldfastError('usage', 'a watch is told of runs, and gets no summary');
  const channel: Channel = {
    name,
    added: new Date(context.clock.now()).toISOString(),
    target,
    ...(summary !== undefined && { summary }),
  };
  await checkChannel(channel);
  if (secretFile !== undefined && target.kind !== 'mail' && target.kind !== 'webhook')
    throw new HoldfastError('usage', `--secret-file is for mail and webhooks, and this is a ${target.kind}`);
  const secret = secretFile === undefined ? undefined : await readPasswordFile(context, secretFile);
  withNew(await readChannels(home.node), channel);
  if (secret !== undefined) await keepSecret(await openOrCreateKeystore(home.node), name, secret);
  await changeChannels(home.node, (channels) => withNew(channels, channel));
  const rows = [row('channel', name, placeOf(channel)), note(`try it: holdfast notice test ${name}`)];
  return { value: viewChannel(channel, undefined), rows };
}

function withNew(channels: readonly Channel[], channel: Channel): readonly Channel[] {
  if (!channels.some(({ name }) => name === channel.name)) return [...channels, channel];
  throw new HoldfastError('channel_exists', `there is a channel ${channel.name} already`);
}

function targetOf(context: Context, options: AddOptions): ChannelTarget {
  const { mail, smtp = '', webhook, command, ping = '', set } = options;
  if (mail !== undefined) {
    const from = options.from ?? `holdfast@${machineName()}`;
    return { kind: 'mail', smtp, from, to: [...mail] };
  }
  if (webhook !== undefined) return { kind: 'webhook', url: webhook };
  if (command !== undefined) return { kind: 'command', file: localPath(context.workingDirectory, command) };
  return { kind: 'ping', url: ping, ...(set !== undefined && { set }) };
}
