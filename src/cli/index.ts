/**
 * The words as a library has them: the same work in a context without a terminal, whose values are given and not printed.
 * Only `api` imports them; the program is `main.ts`.
 */
export type { AnswerOf } from './answers.ts';
export { backUpPaths } from './backup.ts';
export { checkRepository } from './check.ts';
export { defaultHome } from './home/default-home.ts';
export { connectOwn, openOwnNode } from './home/own-node.ts';
export { joinByCode } from './join.ts';
export { listFiles } from './ls.ts';
export type { Context } from './program/context.ts';
export { createFullProgram } from './program/create-program.ts';
export { describeFailure, exitCode, whatEnded } from './program/failure.ts';
export { restoreSnapshot } from './restore.ts';
export { listSnapshots } from './snapshots.ts';
export type { Answer } from './terminal/answer.ts';
