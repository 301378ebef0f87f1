import { repositoriesIn } from '../store-repositories.ts';

/** The places of all repositories below the directory of a store, in the order of their names: `laptop`, `laptop/photos`. */
export async function storedRepositories(directory: string): Promise<readonly string[]> {
  const places: string[] = [];
  for await (const { client, repository } of repositoriesIn(directory))
    places.push(repository === undefined ? client : `${client}/${repository}`);
  return places.sort();
}
