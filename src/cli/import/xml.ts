import { parseXml, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml';
import { escapeControls } from '../../model/document-path.ts';
import type { Checked } from '../../model/problem.ts';

/**
 * The root element of an XML 1.0 document. Nothing is fetched and no entity of the document's own is ever
 * expanded: a reference to one is a fault. Number of tags and depth are bounded. Never throws.
 */
export function readXml(text: string): Checked<XmlElement> {
  if (countTags(text) > MAX_TAGS) return refuse(`the file has more than ${MAX_TAGS} tags`);
  try {
    const { root } = parseXml(text, { includeOffsets: true });
    return root === null ? refuse('there is no element in this file') : { ok: true, value: root };
  } catch (error) {
    if (error instanceof RangeError) return refuse('elements are nested too deeply');
    if (!(error instanceof XmlError)) throw error;
    const [sentence = ''] = error.message.split(' (line ');
    return refuse(`this is not valid XML: ${sentence}`, { line: error.line, column: error.column });
  }
}

/** Of an element's name the part that is not its namespace's prefix. */
export function localName({ name }: XmlElement): string {
  return name.slice(name.indexOf(':') + 1);
}

export function childElements(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter(
    (child): child is XmlElement => child instanceof XmlElement && localName(child) === name,
  );
}

/** Text directly in the element, without that of elements in it. */
export function ownText(element: XmlElement): string {
  return element.children.map((child) => (child instanceof XmlText ? child.text : '')).join('');
}

/** Text of the first element of that name at any depth; empty where there is none. */
export function descendantText(element: XmlElement, name: string): string {
  const open = [element];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (localName(next) === name) return ownText(next);
    open.push(...next.children.filter((child) => child instanceof XmlElement).reverse());
  }
  return '';
}

/** A graph of 65,536 routers and 100,000 links with a few data each. */
const MAX_TAGS = 1_000_000;

function countTags(text: string): number {
  let count = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) count++;
  return count;
}

function refuse(message: string, position: { line?: number; column?: number } = {}): Checked<never> {
  const problem = {
    code: 'invalid-xml',
    path: '',
    message: escapeControls(message).slice(0, 300),
    ...position,
  };
  return { ok: false, problems: [problem] };
}
