/** Text as it stands between tags and in attributes of HTML and SVG. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
