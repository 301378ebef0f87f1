/** How much a list gives at once, which costs the serving thread some hundred milliseconds in short turns; the rest in pages. */
export const maxListed = 1000;
