/** The part of the WebAssembly JavaScript interface that is used here; Node's own types leave it out. */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: SharedArrayBuffer;
  }
  interface Module {
    /** A module has no members of its own; this tells its type from others. */
    readonly __module: unique symbol;
  }
  const Module: new (bytes: Uint8Array) => Module;
  class Instance {
    constructor(module: Module, imports: { readonly holdfast: { readonly memory: Memory } });
    readonly exports: Readonly<Record<string, unknown>>;
  }
}
