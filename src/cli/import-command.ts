import { type Command, InvalidArgumentError, Option } from 'commander';
import { NODE_NAME, OVERLAY_NAME } from '../model/names.ts';
import type { CommandContext } from './command-context.ts';

interface ImportFlags {
  readonly output?: string;
  readonly name?: string;
  readonly nodes: string[];
  readonly instance?: 'dedicated' | 'shared';
  readonly cost?: 'speed';
  readonly largestComponent?: true;
}

/** `vinet import FILE -o overlay.yaml`: needs no controller. */
export function addImportCommand(program: Command, context: CommandContext): void {
  program
    .command('import')
    .description('make an overlay file of a topology in GML or GraphML')
    .argument('<file>', 'the topology, - for standard input')
    .addOption(
      new Option('-o, --output <file>', 'where the overlay goes; standard output unless said').env(
        'VINET_IMPORT_OUTPUT',
      ),
    )
    .addOption(
      new Option('--name <overlay>', 'what it is called; what the file says, unless said')
        .env('VINET_IMPORT_NAME')
        .argParser(readOverlayName),
    )
    .addOption(
      new Option('--nodes <list>', 'nodes that it is placed on')
        .env('VINET_IMPORT_NODES')
        .default(['n1', 'n2', 'n3'], 'n1,n2,n3')
        .argParser(readNodes),
    )
    .addOption(
      new Option('--instance <kind>', "FRR's daemons: for each router, or shared by those of a node")
        .env('VINET_IMPORT_INSTANCE')
        .choices(['dedicated', 'shared']),
    )
    .addOption(
      new Option('--cost <attribute>', 'links have costs by this: speed is LinkSpeed, the fastest has 10')
        .env('VINET_IMPORT_COST')
        .choices(['speed']),
    )
    .addOption(
      new Option(
        '--largest-component',
        'of a topology that falls apart only the largest part; otherwise that is an error',
      ).env('VINET_IMPORT_LARGEST_COMPONENT'),
    )
    .action(async (file: string, flags: ImportFlags) => {
      const { runImport } = await import('./import.ts');
      const options = {
        file,
        output: flags.output === '-' ? null : (flags.output ?? null),
        name: flags.name ?? null,
        nodes: flags.nodes,
        instance: flags.instance ?? null,
        costFrom: flags.cost ?? null,
        largestComponent: flags.largestComponent === true,
      };
      context.setStatus(await runImport(options, context.terminal, context.stdin));
    });
}

function readOverlayName(text: string): string {
  if (new RegExp(OVERLAY_NAME).test(text)) return text;
  throw new InvalidArgumentError('It is a lower-case letter, then letters, digits or "-"; at most 24.');
}

function readNodes(text: string): string[] {
  const nodes = text.split(',').map((node) => node.trim());
  if (nodes.every((node) => new RegExp(NODE_NAME).test(node))) return nodes;
  throw new InvalidArgumentError('Write names of nodes with commas between them, such as n1,n2,n3.');
}
