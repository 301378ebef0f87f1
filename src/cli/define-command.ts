import type { Command } from 'commander';
import type { Context } from './context.ts';

/** Gives `command` its options, help and action. The action returns the exit code, 0 when it returns nothing. */
export type DefineCommand = (command: Command, start: (command: Command) => Context) => void;
