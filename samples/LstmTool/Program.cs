// lstm-ml: from a file of sequences to a trained network, its metrics beside baselines, and a project that uses it.
using LstmTool.Commands;

return Cli.Run(args);
