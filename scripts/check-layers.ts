import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { findCycle } from './layers/find-cycle.ts';

import { bundled, mayImport, onlyIn, roomsOf, wordsOnlyIn } from './layers/layer-table.ts';

import { type ModuleImport, moduleImports } from './layers/module-imports.ts';

/** What a package says of the modules it depends on. */
interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** A file of `src/`, by its path below the root with `/` between the parts. */
interface SourceFile {
  readonly path: string;
  readonly folder: string;
  /** Tests, what they share and contract suites: never part of the package, so they may use development tools and `test/`. */
  readonly isTest: boolean;
  readonly text: string;
  readonly imports: readonly ModuleImport[];
}

/**
 * Checks every import below `root`/src against the design's layers and gives one line for each violation:
 * `src/pki/x.ts:3: …`. Nothing is found in a tree that keeps to them.
 */
export function checkLayers(root: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const files = readSources(root, 'src');
  const others = ['test', 'bench', 'scripts'].flatMap((folder) => readSources(root, folder));
  return [
    ...checkFolders(root, files),
    ...files.flatMap((file) => file.imports.flatMap((found) => checkImport(root, manifest, file, found))),
    ...files.flatMap(checkWords),
    ...checkFaces(files, [...files, ...others]),
    ...checkCycles(files),
  ];
}

function readSources(root: string, folder: string): SourceFile[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root })
    .toSorted()
    .map((path) => readSource(root, path));
}

function readSource(root: string, path: string): SourceFile {
  const parts = path.split(sep);
  const text = readFileSync(join(root, path), 'utf8');
  return {
    path: parts.join('/'),
    folder: parts.length > 2 ? (parts[1] ?? '') : '',
    isTest: /\.(test|contract|fixture)\.ts$/.test(path),
    text,
    imports: moduleImports(text),
  };
}

function checkFolders(root: string, files: readonly SourceFile[]): string[] {
  const folders = [...new Set(files.map((file) => file.folder))].flatMap((folder) => {
    if (folder === '') return ['src: code stands outside every folder'];
    if (mayImport[folder] === undefined) return [`src/${folder}: the table of layers has no row for it`];
    if (folder !== 'cli' && !existsSync(join(root, 'src', folder, 'index.ts')))
      return [`src/${folder}: has no index.ts`];
    return [];
  });
  return [...folders, ...checkRooms(root, files)];
}

/** A folder with rooms has a row for each. */
function checkRooms(root: string, files: readonly SourceFile[]): string[] {
  const rooms = new Set(
    files.flatMap(({ folder, path }) =>
      roomsOf[folder] !== undefined && roomOf(path) !== folder ? [`${folder}/${roomOf(path)}`] : [],
    ),
  );
  return [...rooms].flatMap((path) => {
    const [folder = '', room = ''] = path.split('/');
    if (roomsOf[folder]?.[room] === undefined) return [`src/${path}: the table of rooms has no row for it`];
    return existsSync(join(root, 'src', path, 'index.ts')) ? [] : [`src/${path}: has no index.ts`];
  });
}

/** The room that a file below `src/` is in; the folder's own name for what stands beside the rooms. */
function roomOf(path: string): string {
  const [, folder = '', room = '', ...inside] = path.split('/');
  return inside.length === 0 ? folder : room;
}

function checkImport(root: string, manifest: Manifest, file: SourceFile, found: ModuleImport): string[] {
  const { specifier } = found;
  const problem =
    specifier === '(computed)'
      ? 'imports something computed, which no check can follow'
      : specifier.startsWith('.')
        ? relativeProblem(root, file, specifier)
        : packageProblem(manifest, file, specifier);
  return [problem, found.star ? 'exports everything of a module instead of a list of names' : undefined]
    .filter((text) => text !== undefined)
    .map((text) => `${file.path}:${found.line}: ${text}`);
}

function relativeProblem(root: string, file: SourceFile, specifier: string): string | undefined {
  if (!specifier.endsWith('.ts')) return `imports ${specifier} without .ts`;
  const target = targetOf(file, specifier);
  if (!existsSync(join(root, target))) return `imports ${specifier}, which does not exist`;
  const [top, folder = '', ...inside] = target.split('/');
  if (top !== 'src') return file.isTest && top === 'test' ? undefined : `imports ${target} from outside src`;
  if (folder === file.folder) return roomProblem(file, target);
  if (!mayImport[file.folder]?.split(' ').includes(folder)) return `${file.folder} may not import ${folder}`;
  const contract = file.isTest && target.endsWith('.contract.ts');
  if (inside.join('/') !== 'index.ts' && !contract) return `imports ${target} instead of ${folder}/index.ts`;
  return undefined;
}

/** Tests look into the rooms; the folder's own face shows what is in any. */
function roomProblem({ folder, path, isTest }: SourceFile, target: string): string | undefined {
  const rooms = roomsOf[folder];
  const [from, to] = [roomOf(path), roomOf(target)];
  if (rooms === undefined || isTest || from === to) return undefined;
  const isFace = path === `src/${folder}/index.ts`;
  if (!isFace && !rooms[from]?.split(' ').includes(to)) return `${from} may not import ${to}`;
  if (to === folder || target === `src/${folder}/${to}/index.ts`) return undefined;
  return `imports ${target} instead of ${folder}/${to}/index.ts`;
}

function packageProblem(manifest: Manifest, file: SourceFile, specifier: string): string | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (!name.startsWith('node:') && builtinModules.includes(name)) return `imports ${specifier} without node:`;
  if (!name.startsWith('node:') && !isDependency(manifest, file, name))
    return `imports ${name}, which is no dependency`;
  const rule = file.isTest ? undefined : onlyIn.find(({ modules }) => modules.includes(name));
  if (rule === undefined || rule.folders.split(' ').includes(file.folder)) return undefined;
  return `${file.folder} may not import ${name}: ${rule.because}`;
}

function isDependency(manifest: Manifest, { isTest }: SourceFile, name: string): boolean {
  const { dependencies = {}, devDependencies = {} } = manifest;
  return name in dependencies || (name in devDependencies && (isTest || bundled.includes(name)));
}

/** Lines with words of a language that belong in another folder. */
function checkWords({ path, text, isTest }: SourceFile): string[] {
  if (isTest) return [];
  const rules = wordsOnlyIn.filter(({ below, only }) => path.startsWith(below) && !path.startsWith(only));
  return rules.flatMap(({ words, only, because }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        words.test(line) ? [`${path}:${index + 1}: these words belong in ${only}: ${because}`] : [],
      ),
  );
}

/** What is shown is imported by somebody, in the product or in its tests. */
function checkFaces(files: readonly SourceFile[], all: readonly SourceFile[]): string[] {
  const faces = files.filter(({ path }) => path.endsWith('/index.ts'));
  const taken = new Map(faces.map(({ path }) => [path, namesTakenFrom(path, all)]));
  return faces.flatMap(({ path, imports }) =>
    imports.flatMap(({ isExport, names = [], line }) =>
      names
        .filter((name) => isExport && taken.get(path)?.has(name) === false)
        .map((name) => `${path}:${line}: shows ${name}, which nobody imports`),
    ),
  );
}

/** The names that files outside a face's folder import from it; undefined when one does not say which. */
function namesTakenFrom(face: string, all: readonly SourceFile[]): ReadonlySet<string> | undefined {
  const imports = all
    .filter(({ path }) => !path.startsWith(`${dirname(face)}/`))
    .flatMap((file) => file.imports.filter(({ specifier }) => targetOf(file, specifier) === face));
  if (imports.some(({ names }) => names === undefined)) return undefined;
  return new Set(imports.flatMap(({ names = [] }) => names));
}

function checkCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      file.imports.map(({ specifier }) => targetOf(file, specifier)).filter((path) => path !== file.path),
    ]),
  );
  const cycle = findCycle(graph);
  return cycle === undefined ? [] : [`${cycle[0]}: imports itself by way of ${cycle.slice(1).join(' → ')}`];
}

function targetOf(file: SourceFile, specifier: string): string {
  return relative('.', join(dirname(file.path), specifier))
    .split(sep)
    .join('/');
}

if (import.meta.main) {
  const violations = checkLayers(join(import.meta.dirname, '..'));
  for (const violation of violations) console.error(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
