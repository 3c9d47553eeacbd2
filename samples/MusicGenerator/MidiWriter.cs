using NAudio.Midi;

namespace MusicGenerator;

/// <summary>Writes tunes as MIDI files, for any player or notation program.</summary>
internal static class MidiWriter
{
    private const int TicksOfQuarter = 480;
    private const int MicrosecondsOfQuarter = 500_000;
    private const int Channel = 1;
    private const int Velocity = 90;

    public static void Write(string path, IEnumerable<Note> notes)
    {
        var events = new MidiEventCollection(midiFileType: 0, TicksOfQuarter);
        events.AddEvent(new TempoEvent(MicrosecondsOfQuarter, absoluteTime: 0), 0);
        long time = 0;
        foreach (Note note in notes)
        {
            int ticks = note.Length * TicksOfQuarter / 4;
            // A little shorter than written, so that two of the same pitch are two.
            var on = new NoteOnEvent(time, Channel, note.Pitch, Velocity, ticks * 9 / 10);
            events.AddEvent(on, 0);
            events.AddEvent(on.OffEvent!, 0);
            time += ticks;
        }
        events.AddEvent(new MetaEvent(MetaEventType.EndTrack, 0, time), 0);
        events.PrepareForExport();
        MidiFile.Export(path, events);
    }
}
