/** All commands, their options and their one way to fail: a clear sentence, its code and a hint; exit 1, or 2 for wrong usage. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { BeckonError } from '../core/errors.ts'
import { formats } from '../lab/files.ts'
import { sentenceOf } from './sentence.ts'

const port = (text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new InvalidArgumentError('a port is a number from 0 to 65535')
  return number
}

const whole = (text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError('it is a whole number')
  return number
}

function program(): Command {
  const beckon = new Command('beckon')
    .description('Turns what shoppers do into the right email at the right moment.')
    .version('0.1.0')
    .showHelpAfterError('(beckon --help shows what there is)')
    .exitOverride()

  beckon
    .command('start')
    .description('run the server: gateway, journeys, letters, inbox')
    .addOption(new Option('--port <number>', 'where to listen').env('PORT').default(4650).argParser(port))
    .addOption(new Option('--host <address>', 'which address to listen on').env('BECKON_HOST').default('127.0.0.1'))
    .addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data'))
    .addOption(new Option('--settings <k=v,…>', 'times and numbers of the journeys').env('BECKON_SETTINGS').default(''))
    .action(async (options) => (await import('./start.ts')).start(options))

  beckon
    .command('replay')
    .description('run recorded shop events through the real engine on virtual time')
    .argument('[files...]', 'files of events; none: a sample that ships with Beckon')
    .addOption(new Option('--format <name>', 'how to read them (default: by name, else segment)').choices([...formats]))
    .option('--letters <file>', 'write every decision there, one JSON a line')
    .option('--turns <file>', 'write every transition there, one JSON a line')
    .option('--until <instant>', 'run timers out to this ISO instant, or +30d from the last event')
    .option('--settings <k=v,…>', 'times and numbers of the journeys', '')
    .option('--data <dir>', 'keep the database there')
    .option('--json', 'print the summary as JSON on stdout')
    .action(async (files, options) => (await import('./replay.ts')).replayFiles(files, options))

  beckon
    .command('catalog')
    .description('take the products of a feed: Google Merchant XML or TSV, Shopify CSV, JSON lines')
    .argument('<feed>', 'a file, or an http(s) URL; .gz is read')
    .option('--whole', 'the feed is all there is: take away what it does not name')
    .addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data'))
    .addOption(new Option('--port <number>', 'where the server listens, if one runs').env('PORT').default(4650).argParser(port))
    .addOption(new Option('--host <address>', 'on which address').env('BECKON_HOST').default('127.0.0.1'))
    .option('--json', 'print the counts as JSON')
    .action(async (feed, options) => (await import('./catalog.ts')).catalog(feed, options))

  const codes = beckon.command('codes').description('discount codes: fill pools, see what became of them')
  const ofCodes = (command: Command): Command =>
    command.addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data')).option('--json', 'print it as JSON')
  const toPool = (command: Command): Command =>
    ofCodes(command)
      .addOption(new Option('--port <number>', 'where the server listens, if one runs').env('PORT').default(4650).argParser(port))
      .addOption(new Option('--host <address>', 'on which address').env('BECKON_HOST').default('127.0.0.1'))
  toPool(codes.command('import'))
    .description('add a file of single-use codes to a pool: JSON, CSV, or one a line')
    .argument('<pool>', 'as a letter’s rule names it')
    .argument('<file>')
    .action(async (pool, file, options) => (await import('./codes.ts')).importCodes(pool, file, options))
  ofCodes(codes.command('list'))
    .description('how many codes are free, with customers, redeemed and expired')
    .action(async (options) => (await import('./codes.ts')).listCodes(options))
  ofCodes(codes.command('export'))
    .description('every code with its letter and its order, as CSV')
    .argument('[pool]', 'only of this pool')
    .option('--out <file>', 'write it there')
    .action(async (pool, options) => (await import('./codes.ts')).exportCodes(pool, options))
  toPool(codes.command('reclaim'))
    .description('put the expired codes of a pool back into it, though customers may still hold them')
    .argument('<pool>')
    .action(async (pool, options) => (await import('./codes.ts')).reclaimCodes(pool, options))

  const consent = beckon.command('consent').description('who wants letters: take a list in, or hand one out')
  consent
    .command('import')
    .description('take consents from CSV or JSON lines with the columns email, user_id, status, topics, source, at')
    .argument('<file>', 'a file')
    .addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data'))
    .addOption(new Option('--port <number>', 'where the server listens, if one runs').env('PORT').default(4650).argParser(port))
    .addOption(new Option('--host <address>', 'on which address').env('BECKON_HOST').default('127.0.0.1'))
    .option('--json', 'print the counts as JSON')
    .action(async (file, options) => (await import('./consent.ts')).importConsents(file, options))
  consent
    .command('export')
    .description('write everybody with an address, how they stand, since when, and by what')
    .addOption(new Option('--format <name>', 'how to write it').choices(['csv', 'ndjson']).default('csv'))
    .option('--out <file>', 'write it there instead of to stdout')
    .addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data'))
    .action(async (options) => (await import('./consent.ts')).exportConsents(options))

  beckon
    .command('why')
    .description('why a customer got a letter, or did not')
    .argument('<customer>', 'user id, anonymous id or e-mail')
    .option('--template <name>', 'only this letter')
    .option('--at <instant>', 'as things stood then (ISO)')
    .addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data'))
    .option('--json', 'print it as JSON')
    .action(async (customer, options) => (await import('./why.ts')).why(customer, options))

  beckon
    .command('check')
    .description('check machines, templates, settings, the database against the machines, and the letters for real customers')
    .addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data'))
    .addOption(new Option('--settings <k=v,…>', 'times and numbers of the journeys').env('BECKON_SETTINGS').default(''))
    .addOption(new Option('--sample <number>', 'for how many customers letters are tried out').default(200).argParser(whole))
    .option('--json', 'print it as JSON')
    .action(async (options) => (await import('./check.ts')).check(options))

  beckon
    .command('audit')
    .description('look over profiles, letters and products: duplicates, orphans, gaps; exit 1 when a promise is broken')
    .addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data'))
    .addOption(new Option('--port <number>', 'where the server listens').env('PORT').default(4650).argParser(port).hideHelp())
    .addOption(new Option('--host <address>', 'on which address').env('BECKON_HOST').default('127.0.0.1').hideHelp())
    .option('--json', 'print it as JSON')
    .action(async (options) => (await import('./audit.ts')).audit(options))

  beckon
    .command('doctor')
    .description('is a domain ready to send? SPF, DKIM, DMARC, MX, PTR, TLS, and the exact record to add')
    .argument('[domain]', 'of the letters’ From; none: the one this server is set to send from')
    .option('--selector <name>', 'of the DKIM key (default: BECKON_DKIM_SELECTOR, else beckon)')
    .option('--ip <address>', 'that letters leave from')
    .option('--bounce <domain>', 'of the envelope sender, where it is another')
    .option('--make-dkim <file>', 'make a DKIM key, write it there, and print its record; nothing else')
    .option('--json', 'print it as JSON')
    .action(async (domain, options) => (await import('./doctor.ts')).doctor(domain, options))

  beckon
    .command('report')
    .description('what letters earned; --experiments: what holdouts and variants tell')
    .addOption(new Option('--by <what>', 'a line for each').choices(['template', 'journey', 'priority', 'day', 'letter']).default('template'))
    .option('--from <day>', 'first day, or an instant (default: 30 days ago)')
    .option('--to <day>', 'last day, or an instant (default: now)')
    .addOption(new Option('--model <name>', 'which letter an order is owed to').choices(['last-click', 'last-open']).default('last-click'))
    .option('--days <n>', 'how long a letter may take to lead to an order (default 5), or each customer of an experiment is given (default 7)')
    .option('--experiments', 'holdouts and variants instead')
    .addOption(new Option('--data <dir>', 'where the database is kept').env('BECKON_DATA').default('data'))
    .addOption(new Option('--json', 'print it as JSON').conflicts('csv'))
    .option('--csv', 'print it as CSV')
    .action(async (options) => (await import('./report.ts')).report(options))

  return beckon
}

/** Runs one command line; sets the exit code. */
export async function run(argv: string[]): Promise<void> {
  const beckon = program()
  for (const command of beckon.commands.flatMap((one) => [one, ...one.commands])) command.exitOverride()
  try {
    await beckon.parseAsync(argv)
  } catch (error) {
    process.exitCode = exitCodeOf(error)
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  process.stderr.write(`${sentenceOf(error)}\n`)
  if (process.env['BECKON_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return error instanceof BeckonError && error.code === 'usage' ? 2 : 1
}
