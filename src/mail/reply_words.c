#include "mail/reply_words.h"

/* In order: en de fr es it pt nl sv da no fi pl cs sk hu ro hr tr id vi ru uk bg el he ar th zh ja ko. */
const char *const reply_fields[] = {
	"",
	"from|von|de|expéditeur|da|mittente|remitente|van|från|fra|lähettäjä|od|nadawca|odesílatel|odosielateľ|feladó|de la|"
	"expeditor|gönderen|kimden|dari|từ|người gửi|от|отправитель|від|відправник|από|מאת|من|จาก|发件人|发信人|寄件者|寄件人|"
	"差出人|送信者|보낸 사람|보낸사람|발신|발신인|kimden|nga|saatja|nuo|no|šalje|pošiljatelj|sender|message from|fra:",
	"sent|date|sent at|date sent|gesendet|datum|gesendet am|envoyé|envoyé le|date d'envoi|enviado|enviado el|enviada em|"
	"enviado em|enviada|fecha|inviato|data|data invio|verzonden|verzonden op|skickat|skickades|sendt|dato|lähetetty|päivämäärä|"
	"päiväys|wysłano|wysłane|odesláno|odoslané|dátum|küldve|elküldve|trimis|poslano|poslato|gönderildi|gönderme tarihi|tarih|"
	"dikirim|tanggal|terkirim|đã gửi|ngày|ngày gửi|отправлено|дата|послано|дата отправки|надіслано|изпратено|στάλθηκε|"
	"ημερομηνία|εστάλη|נשלח|תאריך|تم الإرسال|التاريخ|تاريخ|أرسل|วันที่|ส่ง|ส่งเมื่อ|发送时间|发送日期|日期|时间|"
	"发件日期|寄件日期|傳送日期|寄送時間|已傳送|送信日時|日時|日付|送信|보낸 날짜|날짜|보낸날짜|sent on|created",
	"to|an|à|destinataire|para|destinatario|a|aan|till|til|vastaanottaja|do|adresat|komu|címzett|către|catre|prima|kime|alıcı|"
	"kepada|ke|đến|tới|người nhận|кому|получатель|до|одержувач|προς|אל|إلى|ถึง|收件人|收件者|宛先|받는 사람|받는사람|수신|"
	"수신인|za|kam|saaja",
	"cc|bcc|kopie|copie|copie à|cópia|kopio|kopia|kópia|másolatot kap|копия|копія|αντίγραφο|抄送|抄送人|副本|密送|참조|cc:|"
	"c.c.|עותק|نسخة|สำเนา|k|dw|kopija|bilgi|tembusan",
	"subject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|tárgy|subiect|naslov|konu|"
	"subjek|perihal|chủ đề|тема|относно|θέμα|נושא|الموضوع|เรื่อง|หัวเรื่อง|主题|主題|主旨|标题|件名|題名|제목|teema|"
	"zadeva|re|sujet|title",
	"reply-to|reply to|antwort an|répondre à|responder a|risposta|rispondi a|beantwoorden|antwoorden aan|vastaus|"
	"importance|priority|wichtigkeit|priorität|importancia|importance :|attachments|attachment|anlagen|anhang|anhänge|pièces jointes|"
	"adjuntos|datos adjuntos|allegati|anexos|bijlagen|bilagor|vedhæftede filer|vedlegg|załączniki|приложение|вложения|附件|"
	"添付ファイル|첨부|sensitivity|organization|message-id|list-id|mailed-by|signed-by|via|odpověď komu|ответить|回复|回覆|答复|"
	"重要性|優先度",
};

const char *const reply_verbs =
    "wrote|writes|has written|schrieb|schrieben|hat geschrieben|geschrieben|schreibt|a écrit|écrit|ecrit|écrivait|a écrits|"
    "escribió|escribio|ha escrito|escribe|ha scritto|scrive|escreveu|escreveram|schreef|geschreven|skrev|skreiv|skriver|har skrevet|"
    "kirjoitti|napisał|napisała|napisał(a)|napisał/a|pisze|napisal|napisala|napisal(a)|napsal|napsala|napsal(a)|píše|napísal|"
    "napísala|napísal(a)|napísal/a|írta|ezt írta|írja|a scris|scrie|napisao|napisala je|je napisao/la|je napisao|yazdı|şunu yazdı|"
    "şunları yazdı|menulis|đã viết|viết|написал|написала|написал(а)|написа|пишет|писал|писала|написали|написав|написала(в)|пише|"
    "писав|έγραψε|έγραψαν|כתב|כתבה|כתב/ה|كتب|كتبت|تمت كتابة ما يلي بواسطة|เขียนว่า|เขียน|写道|寫道|書きました|"
    "さんが書きました|さんは書きました|のメール|のメッセージ|wrote the following|님이 작성|작성|님의 말|이(가) 쓴 글|쓴 글|님이 쓰셨습니다|"
    "kirjutas|rakstīja|rašė|va escriure|ha escrit|je napisal|je napisala|het volgende geschreven|folgendes geschrieben|escrigué|"
    "skrifaði|piše|је написао";

const char *const reply_leads =
    "on |am |le |el |il |op |em |no dia |a |den |på |fre|lør|søn|man|tir|ons|tor|w dniu |dnia |dne |dňa |v |na |"
    "στις |vào |pada |في |בתאריך |ב-|ביום |ในวันที่ |เมื่อ |在|于|於|at |vom |von |în |in data |la |pe |i |maanantai|"
    "mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|mié|gio|ven|sáb|dom|jeu|sam|dim|po|pá|so|ne|út|st|čt|пн|вт|ср|чт|пт|сб|вс|нд|"
    "понедельник|вторник|сред|четверг|пятниц|суббот|воскресенье|pon|wt|śr|czw|pt|sob|ndz|jueves|lunes|martes|"
    "miércoles|viernes|sábado|domingo|dina |den.|(";

const char *const reply_quoting =
    "quoting |zitat von |quotation of |citando a |citando |quoting|citát |cytat od |citat fra |citat från |citerar |citation de |"
    "em resposta a |in reply to |in message |in article |message de |message from |nachricht von |mensaje de |messaggio di ";

const char *const reply_originals =
    "original message|original message follows|original|original email|original mail|original e-mail|reply message|"
    "original appointment|ursprüngliche nachricht|originalnachricht|original-nachricht|ursprüngliche mail|"
    "originalmeldung|message original|message d'origine|message initial|courriel original|mensaje original|correo original|mensaje "
    "inicial|messaggio originale|messaggio original|mensagem original|oorspronkelijk bericht|oorspronkelijk e-mailbericht|"
    "origineel bericht|ursprungligt meddelande|originalmeddelande|oprindelig meddelelse|original meddelelse|oprindelig besked|"
    "original besked|opprinnelig melding|alkuperäinen viesti|oryginalna wiadomość|wiadomość oryginalna|wiadomość pierwotna|"
    "původní zpráva|původní e-mail|pôvodná správa|eredeti üzenet|mesaj original|mesajul original|izvorna poruka|originalna poruka|"
    "izvirno sporočilo|orijinal mesaj|özgün ileti|orjinal mesaj|asıl ileti|pesan asli|thư gốc|tin nhắn gốc|исходное сообщение|"
    "оригинальное сообщение|исходное письмо|оригинал|пересылаемое сообщение:|вихідне повідомлення|оригінальне повідомлення|"
    "оригинално съобщение|αρχικό μήνυμα|הודעה מקורית|ההודעה המקורית|الرسالة الأصلية|رسالة أصلية|ข้อความต้นฉบับ|ข้อความเดิม|"
    "原始邮件|原邮件|原始信息|原始訊息|原始郵件|回复的原邮件|回复的邮件|邮件原件|回覆的原郵件|原始消息|original|元のメッセージ|元のメール|"
    "original message / 元のメッセージ|원본 메시지|원본 메일|원본 이메일|원본메시지|원본메일|missatge original|algne kiri|"
    "previous replies|previous discussion|previous message|original text|message history|replied message";

const char *const reply_forwards =
    "forwarded message|forwarded by|forwarded mail|forwarded email|forwarded|forward message|weitergeleitete nachricht|"
    "anfang der weitergeleiteten nachricht|message transféré|message transmis|message réexpédié|mensaje reenviado|mensaje remitido|"
    "messaggio inoltrato|mensagem encaminhada|mensagem reencaminhada|doorgestuurd bericht|doorgestuurde bericht|"
    "vidarebefordrat meddelande|vidarebefordrat mejl|videresendt meddelelse|videresendt melding|videresendt besked|"
    "välitetty viesti|edelleenlähetetty viesti|wiadomość przekazana|przekazana wiadomość|treść przekazanej wiadomości|"
    "přeposlaná zpráva|preposlaná správa|továbbított üzenet|mesaj redirecționat|mesaj redirectionat|proslijeđena poruka|"
    "prosleđena poruka|posredovano sporočilo|iletilen mesaj|yönlendirilmiş ileti|yönlendirilen ileti|pesan terusan|pesan yang "
    "diteruskan|thư đã chuyển tiếp|tin nhắn chuyển tiếp|пересылаемое сообщение|пересланное сообщение|переслане повідомлення|"
    "препратено съобщение|προωθημένο μήνυμα|הודעה שהועברה|رسالة معاد توجيهها|رسالة محولة|ข้อความที่ส่งต่อ|转发的邮件|转发邮件|"
    "转发邮件信息|轉寄的郵件|轉寄郵件|转发的消息|轉寄訊息|転送メッセージ|転送されたメッセージ|転送メール|전달된 메시지|전달된 메일|"
    "전달 메시지|missatge reenviat|edastatud kiri";

const char *const reply_begins_forward =
    "begin forwarded message:|anfang der weitergeleiteten nachricht:|début du message transféré :|début du message transféré:|"
    "début du message réexpédié :|inicio del mensaje reenviado:|inizio messaggio inoltrato:|início da mensagem encaminhada:|"
    "início da mensagem reencaminhada:|begin doorgestuurd bericht:|vidarebefordrat brev:|vidarebefordrat mejl:|"
    "start på videresendt besked:|videresendt melding:|välitetty viesti alkaa:|początek przekazanej wiadomości:|"
    "начало переадресованного сообщения:|начало пересылаемого сообщения:|开始转发的邮件:|下面是被转发的邮件:|开始转发邮件:|"
    "轉寄的郵件:|開始轉寄郵件:|転送されたメッセージ:|전달된 메시지 시작:|začátek přeposlané zprávy:|iletilen e-posta:|"
    "továbbított levél:|початок переадресованого листа:";

const char *const reply_cuts =
    "reply above this line|reply above the line|reply above this|above this line|type your reply above|write your reply above|"
    "请在此行上方回复|请在该行上方回复|請在此行上方回覆|antworten sie oberhalb dieser|antworten sie über dieser|oberhalb dieser zeile|"
    "bitte über dieser linie|au-dessus de cette ligne|por encima de esta línea|encima de esta línea|sopra questa riga|"
    "acima desta linha|boven deze regel|boven deze lijn|ovanför den här raden|over denne linje|nad tą linią|nad tímto řádkem|"
    "выше этой строки|выше этой линии|この行より上|この線より上|이 줄 위에|bu satırın üstüne";

const char *const reply_footers =
    "sent from|sent via|sent with|sent by|sent using|send from|get outlook for|get yahoo mail for|download outlook for|get bluemail|"
    "sent on the go|sent on the move|von meinem|von meiner|von unterwegs|gesendet von|gesendet mit|gesendet aus|diese nachricht wurde "
    "von meinem|diese nachricht wurde mit|outlook für|holen sie sich outlook|hol dir outlook|laden sie outlook|versendet mit|"
    "verschickt mit|envoyé depuis|envoyé de mon|envoyé de ma|envoyé d'un|envoyé à partir|envoyé avec|envoyé via|obtenez outlook|"
    "obtenir outlook|télécharger outlook|téléchargez outlook|enviado desde|enviado con|enviado do|enviado de|enviado a partir|enviado "
    "com|enviado via|enviado pelo|obtener outlook|obtén outlook|descargar outlook|obter o outlook|obtenha o outlook|baixar o outlook|"
    "inviato da|inviato dal|inviato con|ottieni outlook|scarica outlook|verzonden vanaf|verstuurd vanaf|verzonden met|verstuurd met|"
    "verzonden vanuit|verzonden via|download outlook|outlook voor|skickat från|skickat med|hämta outlook|sendt fra|sendt med|sendt "
    "via|hent outlook|få outlook|lähetetty|hanki outlook|wysłane z|wysłano z|wysłane przy|pobierz outlook|pobierz aplikację|"
    "odesláno z|odoslané z|získat outlook|získajte outlook|stáhnout outlook|küldve az|elküldve az|iphone-omról küldve|trimis de pe|trimis "
    "din|trimis cu|descărcați outlook|poslano s|poslano z|poslato sa|preuzmi outlook|dikirim dari|dapatkan outlook|được gửi từ|đã gửi từ|gửi "
    "từ|отправлено с|отправлено из|отправлено через|отправлено от|надіслано з|відправлено з|изпратено от|στάλθηκε από|εστάλη από|"
    "נשלח מה|נשלח מ|أرسلت من|تم الإرسال من|مرسل من|ส่งจาก|发自|发送自|發自|來自我的|从我的|從我的|由我的|获取 outlook|下载 outlook|取得 outlook|"
    "通过|iphoneから送信|androidから送信|outlook for|나의 |내 iphone|내 갤럭시|samsung galaxy|sent from|saadetud minu|nosūtīts no|išsiųsta "
    "iš|enviat des|bidali nire|virenfrei|virus-free|avast|this email has been checked for viruses|diese e-mail wurde von avast|"
    "este correo electrónico ha sido comprobado|please consider the environment|bitte denken sie an die umwelt|"
    "pensez à l'environnement|think before you print|please excuse brevity|excuse typos|from my iphone|from my ipad|from my "
    "android|from my phone|from my mobile|from my samsung|from my blackberry";

const char *const reply_footers_in =
    "outlook for ios|outlook for android|outlook für ios|outlook für android|outlook pour ios|outlook pour android|outlook para "
    "ios|outlook para android|outlook per ios|outlook per android|outlook voor ios|outlook voor android|outlook для ios|outlook для "
    "android|outlook till|ios 版 outlook|android 版 outlook|ios için outlook|outlook for mac|iphone gesendet|ipad gesendet|android gesendet|"
    "smartphone gesendet|handy gesendet|mobilgerät gesendet|mobiltelefon gesendet|gerät gesendet|galaxy gesendet|blackberry gesendet|iphone 發送|"
    "iphone 傳送|ipad 傳送|android 傳送|iphone 发送|から送信|에서 보냄|에서 전송|에서 보냅니다|gönderildi|from mobile|via mobile|küldve|发自我的|"
    "發自我的|aus gesendet|手机发送|邮箱大师|网易邮箱|来自我的华为|k-9 mail gesendet";

const char *const reply_disclaimers =
    "confidentiality notice|confidentiality:|confidentiality note|confidential:|disclaimer|legal notice|legal disclaimer|privileged and "
    "confidential|this email|this e-mail|this e mail|this message|this mail|this communication|this transmission|this electronic|the "
    "information contained|the information in this|the information transmitted|the contents of this|the content of this|the above message|"
    "important notice|important:|notice:|please note:|note:|diese e-mail|diese email|diese nachricht|diese mail|diese mitteilung|der "
    "inhalt dieser|die information in dieser|die in dieser|vertraulichkeitshinweis|wichtiger hinweis|hinweis:|haftungsausschluss|"
    "dieses e-mail|dieses mail|ce message|ce courriel|ce courrier|cet e-mail|cet email|ce mail|les informations contenues|"
    "avis de confidentialité|l'information contenue|este mensaje|este correo|esta comunicación|la información contenida|la información "
    "incluida|aviso legal|aviso de confidencialidad|advertencia legal|questo messaggio|questa e-mail|questa email|questa "
    "comunicazione|le informazioni contenute|avviso di riservatezza|ai sensi del|esta mensagem|este e-mail|este email|as informações|a "
    "informação contida|aviso:|dit bericht|deze e-mail|dit e-mailbericht|de informatie|deze email|detta meddelande|detta e-postmeddelande|"
    "den här e-posten|denne e-mail|denne meddelelse|denne e-posten|tämä viesti|tämä sähköposti|ta wiadomość|niniejsza wiadomość|treść "
    "tej wiadomości|informacje zawarte|tato zpráva|tento e-mail|tento email|obsah tohoto|táto správa|ez az e-mail|ez az üzenet|az "
    "üzenet|acest mesaj|acest e-mail|bu e-posta|bu mesaj|bu ileti|настоящее сообщение|данное сообщение|это сообщение|это "
    "электронное|информация, содержащаяся|цей лист|це повідомлення|αυτό το μήνυμα|το παρόν μήνυμα|本邮件|此邮件|本电子邮件|本郵件|此郵件|"
    "本電子郵件|声明:|免责声明|重要提示|保密|このメール|本メール|この電子メール|本電子メール|이 메일|본 메일|이 이메일|본 이메일|본 메시지|"
    "este mensagem|pesan ini|email ini|thư này|email này|***|caution:|external email|warning: this|[external";

const char *const reply_disclaimers_in =
    "confidential|intended recipient|intended only|intended solely|privileged|named recipient|the addressee|unauthorized|unauthorised|"
    "vertraulich|adressat|empfänger bestimmt|unbefugt|confidentiel|destinataire|confidencial|destinatario|destinatário|riservat|confidenzial|"
    "vertrouwelijk|geadresseerde|konfidentiell|avsedd för|fortrolig|konfidensiel|luottamuks|poufn|adresat|důvěrn|dôvern|adresát|bizalmas|"
    "címzett|confiden|gizli|alıcı|конфиденциальн|адресат|конфіденційн|εμπιστευτικ|保密|机密|機密|收件人|机密信息|宛先|受信者|機密情報|기밀|"
    "수신인|수신자|rahasia|bảo mật|outside of your organi|outside your organi|outside of the organi|outside the organi";

const char *const reply_thanks =
    "thank you|thanks|thank u|thx|thanx|tks|ty|tnx|much appreciated|appreciated|appreciate it|appreciate your help|i appreciate it|"
    "cheers|grateful|danke|dankeschön|danke schön|dankeschoen|danke sehr|vielen dank|herzlichen dank|besten dank|tausend dank|merci|"
    "remercie|gracias|muchas gracias|agradecido|agradecida|te agradezco|le agradezco|grazie|grazie mille|ringrazio|obrigado|"
    "obrigada|muito obrigado|muito obrigada|agradeço|valeu|bedankt|dank u|dank je|dankjewel|dankuwel|hartelijk dank|tack|tack så "
    "mycket|tusen tack|tak|mange tak|takk|tusen takk|mange takk|kiitos|kiitoksia|kiitti|dziękuję|dziękuje|dziękujemy|dzięki|dzieki|"
    "děkuji|děkuju|děkujeme|díky|diky|ďakujem|ďakujeme|vďaka|köszönöm|köszönjük|köszi|kösz|mulțumesc|multumesc|mulțumim|mersi|hvala|"
    "teşekkürler|teşekkür ederim|teşekkür ederiz|sağolun|sağol|terima kasih|makasih|cảm ơn|cám ơn|спасибо|спс|благодарю|благодарим|"
    "дякую|дякуємо|спасибі|благодаря|мерси|ευχαριστώ|ευχαριστούμε|תודה|תודה רבה|شكرا|شكرًا|شكراً|شكرا لك|شكرا لكم|ขอบคุณ|ขอบคุณครับ|ขอบคุณค่ะ|"
    "ขอบคุณมาก|谢谢|谢谢您|谢谢你|多谢|感谢|謝謝|謝謝您|謝謝你|多謝|感謝|谢了|非常感谢|ありがとう|ありがとうございます|ありがとうございました|"
    "感謝します|感謝いたします|助かりました|감사합니다|고맙습니다|감사해요|고마워요|감사드립니다|gràcies|aitäh|tänan|paldies|ačiū|faleminderit";

const char *const reply_fine =
    "that works|that worked|it works|it worked|works now|it works now|works|worked|works fine|works great|works perfectly|working now|it's "
    "working|it is working|is working|working|fixed|it's fixed|it is fixed|that fixed it|this fixed it|solved|resolved|problem solved|issue "
    "solved|issue resolved|problem resolved|all good|all good now|all is good|all is well|all set|that did it|that did the trick|did "
    "the trick|that helped|it helped|helped|this helped|great|perfect|awesome|excellent|wonderful|brilliant|fantastic|amazing|super|nice|cool|"
    "good|very good|ok|okay|got it|understood|noted|received|you can close|you may close|please close|feel free to close|close it|close this|"
    "the ticket|this ticket|hat geklappt|es hat geklappt|klappt|funktioniert|geht wieder|geht jetzt|läuft|läuft wieder|gelöst|"
    "erledigt|alles gut|alles klar|passt|prima|toll|klasse|sehr gut|wunderbar|hervorragend|in ordnung|bestens|das war's|ça "
    "marche|ca marche|cela fonctionne|ça fonctionne|fonctionne|résolu|problème résolu|c'est bon|c'est réglé|parfait|super|génial|très bien|"
    "d'accord|c'est parfait|funciona|ya funciona|funcionó|solucionado|resuelto|todo bien|perfecto|genial|excelente|muy bien|listo|vale|"
    "funziona|risolto|tutto bene|tutto ok|perfetto|ottimo|va bene|benissimo|funcionou|resolvido|tudo certo|perfeito|ótimo|deu certo|"
    "werkt|het werkt|opgelost|gelukt|helemaal goed|perfect|top|prima|fungerar|det fungerar|löst|perfekt|toppen|bra|virker|det "
    "virker|fungerer|løst|fint|flott|toimii|kunnossa|hienoa|działa|już działa|rozwiązane|super|świetnie|funguje|už to funguje|vyřešeno|"
    "vyriešené|skvělé|működik|megoldva|szuper|rendben|funcționează|rezolvat|radi|riješeno|çalışıyor|çalıştı|çözüldü|sorun çözüldü|harika|tamam|"
    "mükemmel|sudah berhasil|berhasil|sudah bisa|mantap|được rồi|tốt|работает|все работает|всё работает|заработало|решено|проблема решена|"
    "отлично|хорошо|супер|помогло|все хорошо|всё хорошо|понятно|працює|все працює|вирішено|чудово|добре|работи|реши се|λειτουργεί|"
    "λύθηκε|τέλεια|עובד|זה עובד|מצוין|נפתר|מעולה|يعمل الآن|تم الحل|ممتاز|ใช้ได้แล้ว|ได้แล้ว|แก้ไขแล้ว|可以了|好了|解决了|已解决|已经解决|问题解决了|问题已解决|"
    "问题已经解决|好的|收到|明白|明白了|搞定|搞定了|没问题|没问题了|没有问题了|可以用了|可以使用了|正常了|恢复了|太好了|很好|辛苦了|辛苦|解決了|已解決|問題解決了|"
    "沒問題|沒問題了|解決しました|解決いたしました|できました|直りました|了解です|了解しました|承知しました|問題ありません|大丈夫です|うまくいきました|"
    "무사히|해결되었습니다|해결됐습니다|잘 됩니다|됩니다|잘됩니다|알겠습니다|확인했습니다|네";

const char *const reply_filler =
    "so|very|a lot|much|so much|very much|again|for|for your|for the|your|the|help|support|quick|fast|prompt|reply|response|answer|"
    "assistance|helping|all|everything|now|and|it|is|that|this|you|i|we|a|lot|many|really|indeed|fine|problem|issue|just|kind|time|"
    "team|guys|everyone|both|in advance|has been|been|for all|day|sehr|für|die|den|ihre|deine|eure|schnelle|schnell|hilfe|antwort|"
    "unterstützung|nochmals|nochmal|das|es|und|jetzt|alles|ist|hat|wieder|rückmeldung|dir|ihnen|euch|pour|votre|ton|aide|réponse|"
    "rapide|beaucoup|bien|et|tout|maintenant|encore|la|le|les|de|je|vous|infiniment|por|su|tu|la|ayuda|respuesta|rápida|todo|ya|ahora|"
    "mil|y|el|per|il|tuo|vostro|aiuto|supporto|risposta|tutto|ora|molte|pela|pelo|ajuda|resposta|tudo|agora|e|o|voor|uw|je|de|hulp|"
    "snelle|reactie|wel|en|het|nu|alles|för|hjälpen|svaret|så|mycket|och|det|nu|allt|for|hjelpen|hjælpen|svar|det|og|nå|paljon|avusta|za|"
    "pomoc|bardzo|szybką|odpowiedź|wszystko|i|już|moc|rychlou|odpověď|vše|szépen|a|segítséget|pentru|ajutor|na|pomoći|çok|için|"
    "yardımınız|ederim|banyak|atas|bantuannya|bạn|rất|nhiều|большое|огромное|вам|за|помощь|ответ|все|всё|за быстрый|быстрый|теперь|уже|и|"
    "велике|дуже|за допомогу|допомогу|много|πολύ|για|τη|βοήθεια|רבה|על|העזרה|جزيلا|لك|لكم|على|المساعدة|您|你|的|帮助|了|支持|回复|"
    "很|非常|大家|已|已经|问题|现在|啦|哦|啊|您的|你的|客服|老师|幫助|回覆|協助|協助|ご対応|早速の|迅速な|ご連絡|ご回答|どうも|本当に|"
    "とても|大変|いたします|対応|이제|정말|도와주셔서|답변|빠른|대단히|너무|덕분에";

const char *const reply_greetings =
    "hi|hello|hey|dear|good morning|good afternoon|good evening|greetings|hallo|guten tag|guten morgen|guten abend|sehr geehrte|sehr "
    "geehrter|liebe|lieber|moin|servus|grüezi|bonjour|bonsoir|salut|cher|chère|madame|monsieur|hola|buenos días|buenas tardes|buenas|"
    "estimado|estimada|estimados|ciao|buongiorno|buonasera|salve|gentile|olá|ola|bom dia|boa tarde|boa noite|oi|prezado|prezada|"
    "prezados|caro|goedemorgen|goedemiddag|goedendag|beste|geachte|hej|hejsan|god dag|hei|kære|kjære|moi|terve|hyvä|dzień dobry|witam|"
    "cześć|szanowni|dobrý den|dobrý deň|ahoj|vážení|szia|kedves|tisztelt|jó napot|bună|bună ziua|stimate|poštovani|dobar dan|merhaba|"
    "sayın|iyi günler|halo|selamat pagi|selamat siang|chào|xin chào|kính gửi|здравствуйте|добрый день|доброе утро|привет|"
    "уважаемый|уважаемая|уважаемые|вітаю|добрий день|доброго дня|здравейте|γεια σας|καλημέρα|αγαπητέ|שלום|היי|مرحبا|السلام عليكم|สวัสดี|"
    "您好|你好|尊敬的|大家好|お世話になっております|お世話になります|こんにちは|안녕하세요|안녕하십니까";

const char *const reply_closings =
    "best regards|kind regards|warm regards|with regards|regards|best wishes|all the best|best|sincerely|yours sincerely|yours "
    "truly|yours faithfully|respectfully|have a nice day|have a great day|have a good day|have a great weekend|have a nice weekend|br,|"
    "kr,|mit freundlichen grüßen|mit freundlichem gruß|freundliche grüße|freundlichen grüßen|viele grüße|liebe grüße|beste grüße|"
    "schöne grüße|gruß|grüße|mfg|lg|vg|schönen tag|schönes wochenende|cordialement|bien cordialement|cdlt|bien à vous|sincères "
    "salutations|salutations|bonne journée|bonne soirée|à bientôt|saludos|saludos cordiales|un saludo|un cordial saludo|atentamente|"
    "cordialmente|cordiali saluti|distinti saluti|saluti|buona giornata|buon lavoro|atenciosamente|att,|att.|cumprimentos|abraço|abraços|"
    "com os melhores cumprimentos|met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|groeten|groet|groetjes|mvg|"
    "vänliga hälsningar|med vänliga hälsningar|hälsningar|mvh|med vennlig hilsen|vennlig hilsen|venlig hilsen|med venlig hilsen|hilsen|"
    "ystävällisin terveisin|terveisin|z poważaniem|pozdrawiam|pozdrowienia|s pozdravem|s pozdravom|hezký den|üdvözlettel|üdv|cu stimă|"
    "cu respect|o zi bună|srdačan pozdrav|lijep pozdrav|pozdrav|saygılarımla|saygılar|iyi çalışmalar|kolay gelsin|salam|hormat saya|"
    "trân trọng|с уважением|всего доброго|всего хорошего|хорошего дня|удачи|з повагою|гарного дня|с уважение|поздрави|με εκτίμηση|"
    "בברכה|יום טוב|مع أطيب التحيات|تحياتي|مع التحية|此致|敬礼|祝好|祝您|祝商祺|顺祝|以上|よろしくお願いいたします|よろしくお願いします|宜しくお願いいたします|"
    "宜しくお願い致します|よろしくお願い致します|失礼いたします|드림|올림|수고하세요|좋은 하루";

const char *const reply_doubts =
    "but|however|still|not|no|don't|doesn't|didn't|isn't|can't|cannot|won't|never|although|though|except|unless|yet|only|another|also|"
    "unfortunately|please|could|can|would|when|what|how|why|where|who|again?|need|want|error|fails|failed|broken|wrong|aber|jedoch|"
    "leider|nicht|noch|kein|keine|trotzdem|allerdings|bitte|könnten|können|wann|wie|warum|was|wo|fehler|nur|mais|pas|ne|toujours|"
    "malheureusement|cependant|quand|comment|pourquoi|pouvez|erreur|pero|sin embargo|todavía|aún|sigue|cuando|cómo|puede|"
    "podría|falla|ma|però|non|ancora|purtroppo|quando|come|può|errore|mas|porém|não|ainda|infelizmente|como|pode|erro|maar|niet|nog|"
    "helaas|geen|wanneer|hoe|kunt|fout|men|inte|ikke|fortfarande|tyvärr|desværre|dessverre|stadig|fortsatt|kan|när|når|mutta|ei|ale|"
    "nie|niestety|jednak|jeszcze|ne|ještě|bohužel|však|ešte|de|nem|még|sajnos|dar|nu|încă|ali|još|ama|fakat|değil|hâlâ|hala|tapi|tetapi|"
    "tidak|masih|nhưng|không|но|не|нет|еще|ещё|однако|когда|как|почему|можете|можно|ошибка|але|ні|ще|αλλά|δεν|όχι|אבל|לא|עדיין|"
    "لكن|لا|لم|ما زال|แต่|ไม่|但|但是|不|没|還|还|還是|还是|可是|不过|怎么|请|為什麼|为什么|什么|吗|呢|沒|でも|ですが|しかし|まだ|ません|ない|"
    "けど|ください|하지만|그런데|아직|안 |않";
