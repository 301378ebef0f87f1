import { MemoryStore } from './memory-store.ts';
import { objectStoreContract } from './object-store.contract.ts';

objectStoreContract('MemoryStore', async () => new MemoryStore());
