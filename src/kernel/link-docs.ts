const pages = /(?<![\w/.-])docs\/(?=(?:tutorial|guides|reference|operate|explain)\/)/g

/**
 * Puts the address of the pages in front of the paths that a message names, so that a reader without the
 * source can follow them. `base` is where the folder `docs` is published; undefined leaves the text as it is.
 */
export function linkDocs(text: string, base: string | undefined): string {
  return base === undefined || base === ''
    ? text
    : text.replace(pages, `${base.replace(/\/+$/, '')}/`)
}
