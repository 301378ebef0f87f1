/** rabin.wat, compiled by `wat2wasm --enable-threads`; a test compiles it again and compares. */
export const rabinWasm =
  'AGFzbQEAAAABDAJgAX8BfmACf38BfwIXAQhob2xkZmFzdAZtZW1vcnkCAwGAgAQDAwIAAQcIAQRzY2FuAAEKlAQCOwIBfgF/' +
  'IABBwABrIQIDQCABQgiGIAIxAACEIAFCKoinQfgPcSkDgBCFIQEgAkEBaiICIABJDQALIAEL1QMCCH8EfgJAA0AgACABTw0B' +
  'IAEgAGshAiACQYCAAksEQEGAgAIhAgsgAkEDakECdiEDIAAhBiAAIAIgA2tBA25qIQcgACACIANrQQF0QQNuaiEIIAAgAiAD' +
  'a2ohCSAGEAAhCiAHEAAhCyAIEAAhDCAJEAAhDSAGIANqIQRBfyEFA0AgCiAGQcAAay0AAEEDdCkDAIUhCiAKQgiGIAYxAACE' +
  'IApCKoinQfgPcSkDgBCFIQogBkEBaiEGIAqnQf//P3FFBEAgBg8LIAsgB0HAAGstAABBA3QpAwCFIQsgC0IIhiAHMQAAhCAL' +
  'QiqIp0H4D3EpA4AQhSELIAdBAWohByALp0H//z9xRQRAIAcgBUkEQCAHIQULCyAMIAhBwABrLQAAQQN0KQMAhSEMIAxCCIYg' +
  'CDEAAIQgDEIqiKdB+A9xKQOAEIUhDCAIQQFqIQggDKdB//8/cUUEQCAIIAVJBEAgCCEFCwsgDSAJQcAAay0AAEEDdCkDAIUh' +
  'DSANQgiGIAkxAACEIA1CKoinQfgPcSkDgBCFIQ0gCUEBaiEJIA2nQf//P3FFBEAgCSAFSQRAIAkhBQsLIAYgBEkNAAsgBUF/' +
  'RwRAIAUPCyAAIAJqIQAMAAsLQQAL';

let compiled: WebAssembly.Module | undefined;

/** The module, compiled when it is first asked for. */
export function rabinModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(rabinWasm, 'base64'));
  return compiled;
}
