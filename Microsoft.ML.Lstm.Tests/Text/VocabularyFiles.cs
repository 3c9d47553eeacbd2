using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.ML.Lstm.Text;

namespace Microsoft.ML.Lstm.Tests.Text;

/// <summary>Small vocabularies of each kind, in a folder that is deleted with the object.</summary>
internal sealed class VocabularyFiles : IDisposable
{
    public const string Corpus = "the theatre there; they're with the other weather, and the end of the tether is thin. Thé à la mode!\n"
        + "the  walker was walking the walk with another walker\r\n\tthe thunder of the north";

    // remove_extra_whitespaces = false: the default is that white space at the ends goes, and between words becomes one space.
    private static readonly byte[] KeepsWhiteSpace = [0x1A, 2, 0x20, 0];

    private readonly string _folder = Directory.CreateTempSubdirectory("lstm-subwords-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public string Path(string name) => System.IO.Path.Combine(_folder, name);

    public string Write(string name, string content)
    {
        File.WriteAllText(Path(name), content);
        return Path(name);
    }

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(Path(name), content);
        return Path(name);
    }

    /// <summary>Byte pair encoding of bytes with merges that the corpus gives; vocab.json and merges.txt.</summary>
    public string WriteBytePairs(int merges = 60)
    {
        Dictionary<string, int> ids = [];
        foreach (char character in ByteCharacters())
            ids.Add(character.ToString(), ids.Count);
        char[] bytes = ByteCharacters();
        var words = Corpus.Split(' ').Select((word, i) => (i > 0 ? " " : "") + word)
            .Select(word => Encoding.UTF8.GetBytes(word).Select(value => bytes[value].ToString()).ToList()).ToList();
        var lines = new List<string> { "#version: 0.2" };
        for (int merge = 0; merge < merges; merge++)
        {
            (string Left, string Right) best = words.SelectMany(word => word.Zip(word.Skip(1))).GroupBy(pair => pair)
                .OrderByDescending(pairs => pairs.Count()).ThenBy(pairs => pairs.Key.First + pairs.Key.Second, StringComparer.Ordinal)
                .First().Key;
            lines.Add($"{best.Left} {best.Right}");
            ids[best.Left + best.Right] = ids.Count;
            foreach (List<string> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if (word[i] == best.Left && word[i + 1] == best.Right)
                    {
                        word[i] += word[i + 1];
                        word.RemoveAt(i + 1);
                    }
                }
            }
        }
        Write("merges.txt", string.Join("\n", lines) + "\n");
        return Write("vocab.json", JsonSerializer.Serialize(ids));
    }

    public string WriteTiktoken()
    {
        string[] pieces = [.. Enumerable.Range(0, 256).Select(value => Convert.ToBase64String([(byte)value])),
            .. new[] { "th", "the", " the", "alk", "er" }.Select(text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)))];
        return Write("small.tiktoken", string.Concat(pieces.Select((piece, rank) => $"{piece} {rank}\n")));
    }

    public string WriteWordPieces(string name = "vocab.txt", params string[] more)
        => Write(name, string.Join('\n',
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "walk", "##ing", "##er", ",", "cafe", "a", "##b", .. more]) + "\n");

    /// <summary>SentencePiece by byte pairs: letters, some pieces of them, a symbol that is never cut, and a piece for each byte.</summary>
    public string WriteSentencePieces(Action<SentencePieceModel>? change = null, string name = "small.model")
    {
        var model = new SentencePieceModel
        {
            TrainerSpec = new() { ModelType = SentencePieceTrainer.Types.Algorithm.Bpe, ByteFallback = true },
            NormalizerSpec = new(),
        };
        Add(model, "<unk>", 0, SentencePiece.Types.Kind.Unknown);
        Add(model, "<s>", 0, SentencePiece.Types.Kind.Control);
        Add(model, "</s>", 0, SentencePiece.Types.Kind.Control);
        for (int value = 0; value < 256; value++)
            Add(model, $"<0x{value:X2}>", 0, SentencePiece.Types.Kind.Byte);
        Add(model, "<name>", 0, SentencePiece.Types.Kind.UserDefined);
        float score = 0;
        foreach (string piece in new[] { "▁t", "he", "▁the", "er", "al", "alk", "▁w" })
            Add(model, piece, --score, SentencePiece.Types.Kind.Normal);
        foreach (char letter in "▁abcdefghijklmnopqrstuvwxyz,.<>")
            Add(model, letter.ToString(), --score, SentencePiece.Types.Kind.Normal);
        change?.Invoke(model);
        // A message may come in parts; the last one has a field that the library does not read.
        return Write(name, [.. model.ToByteArray(), .. KeepsWhiteSpace]);
    }

    public string WriteUnigram(Action<SentencePieceModel>? change = null) => WriteSentencePieces(model =>
    {
        model.TrainerSpec.ModelType = SentencePieceTrainer.Types.Algorithm.Unigram;
        model.TrainerSpec.ByteFallback = false;
        SentencePiece[] others = [.. model.Pieces.Where(piece => piece.Type != SentencePiece.Types.Kind.Byte)];
        model.Pieces.Clear();
        model.Pieces.AddRange(others);
        change?.Invoke(model);
    }, "unigram.model");

    private static void Add(SentencePieceModel model, string piece, float score, SentencePiece.Types.Kind kind)
        => model.Pieces.Add(new SentencePiece { Piece = piece, Score = score, Type = kind });

    // As GPT-2 writes bytes.
    private static char[] ByteCharacters()
    {
        int others = 0;
        return [.. Enumerable.Range(0, 256).Select(value => (char)(value is >= 33 and <= 126 or >= 161 and <= 172 or >= 174 ? value
            : 256 + others++))];
    }
}
