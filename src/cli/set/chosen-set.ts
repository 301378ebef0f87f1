import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import {
  checkHook,
  defaultHookLimitMs,
  keepRuleForm,
  ownZone,
  parseKeepRule,
  type SetChoices,
} from '../../agent/index.ts';
import { durationForm, HoldfastError, parseDuration } from '../../base/index.ts';
import { checkWatchable, pathText, textPath } from '../../files/index.ts';
import {
  defaultSpreadMs,
  longestSpreadMs,
  parseHours,
  parseSchedule,
  scheduleForm,
} from '../../policy/index.ts';
import { localPath, namedPaths } from '../files/local-path.ts';
import type { Home } from '../home/home.ts';
import { readSettings, storeDirectory } from '../home/settings.ts';
import { ListOption, parseDurationOption } from '../options/option-values.ts';
import {
  addExcludeOptions,
  addRepositoryOptions,
  type ExcludeOptions,
  type RepositoryOptions,
} from '../options/repository-options.ts';
import { downloadLimit, type LimitOptions, uploadLimit } from '../options/transfer-limits.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { readExcludes } from '../repository/backing-up.ts';
import { openTarget, placeText, saidPlace } from '../repository/repository-target.ts';

/** What is said of a set beside its name. */
export interface SetOptions extends RepositoryOptions, TimedOptions {
  /** The storage node that it is saved to. */
  readonly to?: string;
}

/** What is said of a set wherever it is to run. */
export interface TimedOptions extends ExcludeOptions, LimitOptions {
  readonly every?: string;
  readonly live?: boolean;
  readonly zone?: string;
  readonly spread: number;
  readonly tag?: readonly string[];
  readonly keep?: string;
  readonly before?: string;
  readonly after?: string;
  readonly hookLimit: number;
  readonly onMains?: boolean;
  readonly unmetered?: boolean;
  readonly between?: string;
}

/** Adds the options that say when a set is backed up, where to, and what of it. */
export function addSetOptions(command: Command): Command {
  addRules(command, atMostOne('--to', '--repo'));
  return addTimedOptions(
    addRepositoryOptions(command).option(
      '--to <node>',
      'the storage node to save to, by its name, or server',
    ),
  );
}

/** Adds those of them that say when, and what is left out. */
export function addTimedOptions(command: Command): Command {
  return addExcludeOptions(command)
    .option('--every <schedule>', scheduleForm)
    .option(
      '--live',
      'save each change within seconds while the agent runs; all of it once a day unless --every says more',
    )
    .option('--zone <zone>', "the zone of times of day, e.g. Europe/Berlin (this machine's)")
    .option(
      '--spread <duration>',
      'runs begin by chance up to so long after their time (10m)',
      parseSpread,
      defaultSpreadMs,
    )
    .addOption(new ListOption('--tag <list>', 'mark the snapshots with words'))
    .option('--keep <rule>', keepRuleForm)
    .option('--before <file>', 'a program to run first; when it fails, nothing is saved')
    .option('--after <file>', 'a program to run at the end, whatever came of it')
    .option('--hook-limit <duration>', 'how long each may take (1h)', parseDurationOption, defaultHookLimitMs)
    .option('--on-mains', 'begin while this machine does not run on its battery')
    .option('--unmetered', 'begin while NetworkManager does not call the line metered')
    .option('--between <hours>', 'begin between two times of day alone, e.g. 22:00-06:00')
    .addOption(uploadLimit())
    .addOption(downloadLimit());
}

function parseSpread(text: string): number {
  const ms = text === '0' ? 0 : parseDuration(text);
  if (ms !== undefined && ms <= longestSpreadMs) return ms;
  throw new InvalidArgumentError(`expected 0, or ${durationForm}; 1d at most`);
}

/**
 * What was said of a set, with absolute paths. The files that each run reads are read, and a repository elsewhere is opened, so that
 * no run fails by a name that was mistyped.
 * @throws HoldfastError `schedule_invalid`, `schedule_never`, `set_invalid`, `path_not_found` when none of the paths is there and no
 *   hook could make them, and as `openTarget`
 */
export async function chooseSet(
  context: Context,
  home: Home,
  options: SetOptions & { readonly paths: readonly string[] },
): Promise<SetChoices> {
  const { workingDirectory: from } = context;
  const {
    live = false,
    every = chosenSchedule(options),
    zone = ownZone(),
    spread,
    exclude = [],
    excludeFile = [],
    excludeCaches,
    tag = [],
  } = options;
  const { passwordFile, hookLimit, between, keep } = options;
  const repo = saidPlace(options);
  if (live) checkWatchable();
  parseSchedule(every, zone);
  if (between !== undefined) parseHours(between);
  if (keep !== undefined) parseKeepRule(keep);
  const hooks = await chooseHooks(from, options);
  const paths = options.paths.map((path) => resolve(from, path));
  await checkOutside(home, paths);
  if (hooks.before === undefined || paths.some((path) => existsSync(path))) namedPaths(context, paths);
  else context.output.warn(`${paths.join(', ')}: not there yet; the program before has to make it`);
  await readExcludes(context, options);
  if (repo !== undefined) await (await openTarget(context, options))[Symbol.asyncDispose]();
  return {
    paths: paths.map((path) => pathText(textPath(path))),
    every,
    zone,
    spreadMs: spread,
    exclude: [...exclude],
    excludeFile: excludeFile.map((file) => localPath(from, file)),
    excludeCaches,
    tag: [...tag],
    ...(repo !== undefined && { repo: placeText(from, repo) }),
    ...(passwordFile !== undefined && { passwordFile: localPath(from, passwordFile) }),
    ...(keep !== undefined && { keep }),
    ...hooks,
    hookLimitMs: hookLimit,
    ...(live && { live }),
    ...(options.onMains === true && { onMains: true }),
    ...(options.unmetered === true && { unmetered: true }),
    ...(between !== undefined && { between }),
    ...(options.limitUpload !== undefined && { limitUpload: options.limitUpload }),
    ...(options.limitDownload !== undefined && { limitDownload: options.limitDownload }),
  };
}

/** All of a live set is looked at so often, whatever was told of it. */
const everyOfLive = '1d';

/** The schedule that was said, or that a live set has. @throws HoldfastError `usage` where there is neither */
export function chosenSchedule({ every, live = false }: Pick<TimedOptions, 'every' | 'live'>): string {
  if (every !== undefined) return every;
  if (live) return everyOfLive;
  throw new HoldfastError('usage', 'nothing says when the set is backed up', {
    hint: 'add --every 6h, or --live for each change at once',
  });
}

async function chooseHooks(
  from: string,
  { before, after }: SetOptions,
): Promise<Pick<SetChoices, 'before' | 'after'>> {
  const files = { ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
  const chosen = Object.entries(files).map(([when, file]) => [when, localPath(from, file)] as const);
  for (const [, file] of chosen) await checkHook(file);
  return Object.fromEntries(chosen);
}

/** Neither is ever backed up: a set of nothing else would be one of nothing. */
async function checkOutside(home: Home, paths: readonly string[]): Promise<void> {
  const settings = await readSettings(home);
  const own = [
    { what: 'the home', place: home.path },
    ...(settings === undefined ? [] : [{ what: 'the store', place: storeDirectory(home, settings) }]),
  ];
  for (const path of paths) {
    const real = await realpath(path).catch(() => path);
    const found = own.find(({ place }) => real === place || real.startsWith(join(place, sep)));
    if (found === undefined) continue;
    throw new HoldfastError('set_invalid', `${path} is ${found.what}, or in it, which is never backed up`, {
      hint: 'name other folders; the authority has backups of its own: holdfast ca backup',
    });
  }
}
