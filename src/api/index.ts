/**
 * Holdfast as a library: what the words of every day do, for programs. It runs the words themselves, in a context where nothing
 * is printed and nobody is asked; what a word prints with `--json` is what a call gives.
 */
export { HoldfastError } from '../base/index.ts';
export { join, open, toFailure } from './client.ts';
