#include "mail/language_words.h"

#include "base/must.h"

const struct language_words language_words[] = {
    {S("en"), "en",
	"broken again printer order account password error yesterday today "
	"tomorrow refund message button screen invoice phone since received "
	"arrived open close using used new same really got getting think "
	"something anything nothing time hello, two one first may was, "
	"the and is are was were have has had you your yours we our i my me it "
	"its this that these those not don't doesn't can't "
	"cannot can could would should will please thank thanks hello hi dear "
	"regards best for with from what when where which who "
	"why how any some there their they he she been but or if of to be get "
	"an at by on as do does did just still after before "
	"about into work works working help need i'm i've it's isn't won't let "
	"know",
	""},
    {S("de"), "de",
	"fehler drucker bestellung rechnung passwort konto anmeldung gestern "
	"heute morgen lieferung angekommen erhalten gekauft fuer koennen "
	"gruesse moechte möchte würde wäre leider gerade wieder ihm ihn sich "
	"bin bist mal doch nur "
	"der die das und ist sind war nicht ich wir sie mein meine meinen ihr "
	"ihre ihnen ihren mir mich uns es ein eine einen einem "
	"einer auf mit für von vom zu zum zur im den dem des auch noch aber "
	"oder wenn dass daß wie was wo warum kann können "
	"könnten habe haben hat hatte wird werden wurde bitte danke vielen "
	"dank hallo guten tag sehr geehrte geehrter herr frau "
	"grüße gruß grüßen freundlichen mfg seit nach bei schon immer mehr "
	"kein keine über hier jetzt geht funktioniert alles",
	"ß"},
    {S("fr"), "fr",
	"commande facture compte erreur hier demain livraison reçu imprimante "
	"encore comme cela leur même après tous toute toutes "
	"le les des une est sont était je nous vous il elle ils mon ma mes "
	"votre vos notre nos ce cette ces et ou où mais donc pas "
	"ne plus pour avec dans sur par du au aux que qui quoi quand comment "
	"pourquoi bonjour bonsoir merci cordialement "
	"s'il salut avez avons ai j'ai c'est n'est peux peut pouvez suis être "
	"avoir fait faire très bien toujours depuis "
	"après avant sans chez madame monsieur beaucoup d'avance l'adresse "
	"d'une d'un qu'il",
	"œùûëï"},
    {S("es"), "es",
	"pedido factura cuenta contraseña ayer mañana entrega recibido "
	"impresora error todavía nada algo cuenta hacer quiero necesito "
	"el los las una es son está están era yo nosotros usted ustedes mi mis "
	"su sus tu y pero no más para con en por del al que "
	"quien cuando cómo como porque hola gracias saludos buenos buenas días "
	"tardes tengo tiene tenemos puedo puede pueden "
	"podría favor hay muy bien también desde hasta sin sobre este esta "
	"estos estas lo le les se me nos ha he han fue ser "
	"hacer cordial estimado estimada muchas ahora todo ya",
	"ñ¿¡"},
    {S("it"), "it",
	"ordine fattura conto errore ieri oggi domani consegna ricevuto "
	"stampante ancora niente qualcosa voglio fare "
	"il lo gli una è sono era io noi voi lei mio mia miei vostro vostra "
	"nostro questo questa questi e ed ma non più per con in "
	"nel nella sul sulla del della dei delle degli al alla che chi quando "
	"come perché ciao buongiorno buonasera grazie "
	"saluti cordiali ho ha hai abbiamo avete hanno posso può potete vorrei "
	"essere fare molto anche ancora sempre dopo "
	"prima senza gentile gentili salve mi si ci vi da dal dalla stato "
	"funziona tutto",
	"ì"},
    {S("pt"), "pt",
	"pedido fatura conta senha ontem hoje amanhã entrega recebi recebido "
	"impressora erro ainda nada algo quero preciso fazer chegou "
	"o os as um uma é são está estão era eu nós você vocês meu minha meus "
	"minhas seu sua nosso nossa este esta isso isto mas "
	"não mais para com em no na nos nas por pelo pela do da dos das ao à "
	"que quem quando como porque olá bom boa dia tarde "
	"obrigado obrigada cumprimentos atenciosamente abraço tenho tem temos "
	"posso pode podem poderia favor há muito também "
	"desde até sem sobre foi ser fazer prezado prezada agora tudo já",
	"ãõ"},
    {S("nl"), "nl",
	"bestelling factuur rekening wachtwoord gisteren vandaag morgen "
	"levering ontvangen printer kapot weer nooit iets niets wil moet "
	"de het een en is zijn was waren ik wij we jij je u uw mijn onze ons "
	"dit dat deze die niet geen maar of als voor met van in "
	"op aan bij naar te om ook nog wel wat wie waar wanneer hoe waarom kan "
	"kunnen kunt heb hebben heeft had wordt worden "
	"graag bedankt dank hallo goedemorgen goedendag geachte beste groet "
	"groeten vriendelijke meer altijd sinds na er zou "
	"werkt alvast hartelijk mij moet",
	"ĳ"},
    {S("sv"), "sv",
	"beställning faktura konto lösenord igår idag imorgon leverans fått "
	"skrivare ännu aldrig något inget "
	"och är en ett jag vi ni du det den de som inte att för med av på till "
	"från om men eller när var hur varför vad vem kan "
	"har hade blir tack hej hälsningar vänliga vänligen min mitt mina er "
	"ert era vår vårt detta denna dessa också bara "
	"mycket efter innan utan måste skulle vill kommer fungerar gärna här "
	"då så mig oss något ingen",
	"åäö"},
    {S("da"), "da",
	"længere ordren kontoen printeren logge ind bestilling fakturaen endnu "
	"brug hjælp ordre faktura adgangskode igår idag levering "
	"modtaget noget intet hjælpe nogen mig dig jer lige "
	"og er en et jeg vi i du det den de som ikke at for med af på til fra "
	"om men eller når hvor hvordan hvorfor hvad hvem kan "
	"har havde bliver tak hej hilsen venlig venlige min mit mine jeres "
	"vores dette denne disse også kun meget efter før uden "
	"skal skulle vil kommer virker gerne her så mig os noget ingen være "
	"været sig bedste mvh dag",
	"æø"},
    {S("nb"), "nb",
	"bestillingen skriveren lenger kontoen får logget inn ordren fakturaen "
	"ennå bruk hjelp hjelpe bestilling faktura passord igår levering "
	"mottatt noe ingenting noen meg deg dere akkurat "
	"og er en et jeg vi dere du det den de som ikke å at for med av på til "
	"fra om men eller når hvor hvordan hvorfor hva hvem "
	"kan har hadde blir takk hei hilsen vennlig min mitt mine deres vår "
	"vårt dette denne disse også bare veldig etter før uten "
	"skal skulle vil kommer fungerer gjerne her så meg oss noe ingen være "
	"vært seg beste dag mvh",
	"æø"},
    {S("fi"), "fi",
	"ja on ei en minä me te hän se ne että kun jos mutta tai niin kuin "
	"mitä missä miten miksi kuka voin voi voiko voitte ovat oli "
	"olen olemme olisi kiitos hei moi terveisin ystävällisin terveisiä "
	"myös vain vielä nyt sitten jälkeen ennen ilman minun "
	"meidän teidän tämä tuo nämä kanssa mukaan sekä hyvää päivää toimi "
	"toimii enää saa pitää",
	"äö"},
    {S("pl"), "pl",
	"i w z na do nie się jest są był była to że jak co kto gdzie kiedy "
	"dlaczego czy ale lub oraz dla od po przez przy o za ja "
	"my wy pan pani państwo mój moja moje nasz proszę dziękuję dzień dobry "
	"witam pozdrawiam pozdrowienia mam ma mamy mogę może "
	"można być ten ta te tego tej już tylko także bardzo bez od kiedy "
	"jeśli szanowni poważaniem mi nam działa",
	"łąęśźżćń"},
    {S("cs"), "cs",
	"tiskárna tiskárny tiskárnu objednávka objednávku objednávky faktura "
	"fakturu účet účtu účtem přihlásit nemohu nemůžu nelze chyba heslo "
	"včera dnes zítra ještě stále moje svému mému prosím dobré odpoledne a "
	"v z na do ne se je jsou byl byla to že jak co kdo kde kdy proč ale "
	"nebo pro od po přes při o za já my vy můj moje náš "
	"váš prosím děkuji děkujeme dobrý den ahoj pozdravem pozdravy mám má "
	"máme mohu může můžete být ten ta te tohoto této už "
	"jen také velmi bez jsem jsme nejde nefunguje s si mi nám který která "
	"hezký díky",
	"řěů"},
    {S("sk"), "sk",
	"tlačiareň tlačiarne objednávka objednávku faktúra faktúru účet účtu "
	"prihlásiť nemôžem nedá chyba heslo včera dnes zajtra ešte stále svoj "
	"a v z na do nie sa je sú bol bola to že ako čo kto kde kedy prečo ale "
	"alebo pre od po cez pri o za ja my vy môj moja moje "
	"náš váš prosím ďakujem ďakujeme dobrý deň ahoj pozdravom mám má máme "
	"môžem môže môžete byť ten tá tohto tejto už len tiež "
	"veľmi bez som sme nejde nefunguje s si mi nám ktorý ktorá pekný vďaka",
	"ľĺŕôä"},
    {S("hu"), "hu",
	"nyomtató nyomtatóm rendelés rendelésem számla számlát jelszó tegnap "
	"ma holnap működik fiók fiókomba a az és is nem van vannak volt hogy "
	"mint mi ki hol mikor miért hogyan "
	"de vagy egy ezt azt ez én mi önök ön ha csak már még "
	"meg kérem köszönöm köszönjük üdvözlettel tisztelt szia jó napot kell "
	"lehet tud tudom tudok tudna szeretnék szeretném "
	"után előtt nélkül nagyon mert akkor most itt ott le fel be ki nincs "
	"sem minden segítséget előre",
	"őű"},
    {S("ro"), "ro",
	"comanda comenzii factura contul cont parola ieri astăzi mâine "
	"funcționează imprimanta mea meu și si este sunt era eu noi "
	"dumneavoastră meu mea mele nostru acest "
	"această acestea nu mai pentru cu în din la pe de care ce "
	"cine când cum unde bună ziua salut mulțumesc multumesc cordial stimă "
	"aveți avem am are pot poate puteți rog foarte "
	"dar sau că să se îmi ne vă o un una după înainte fără dacă doar încă "
	"fost funcționează",
	"șțăâî"},
    {S("tr"), "tr",
	"hesap hesabım hesabıma hesabımı yazıcı yazıcım siparişim sipariş "
	"siparişimi fatura şifre şifremi dün bugün yarın giriş yapamıyorum "
	"alamıyorum yardım gelmedi ediyorum ve bir bu şu o ne için ile de da "
	"mi mı değil var yok ben biz siz "
	"benim bizim sizin ama veya çok daha gibi kadar sonra önce "
	"merhaba teşekkürler teşekkür ederim ederiz lütfen saygılar "
	"saygılarımla iyi günler nasıl neden nerede zaman olarak olan "
	"oldu olur olmuyor çalışmıyor bana bize hala en her şey kez artık "
	"sayın selam istiyorum",
	"ığş"},
    {S("id"), "id",
	"printer pesanan akun sandi kemarin hari besok berfungsi masuk barang "
	"yang dan di ke dari ini itu untuk dengan tidak saya kami anda adalah "
	"ada akan bisa dapat sudah belum apa bagaimana mengapa "
	"kapan siapa tetapi atau pada juga karena jika mohon terima kasih halo "
	"selamat pagi siang salam hormat tolong bantuan "
	"sangat lebih masih oleh telah tersebut kita mereka tapi agar setelah",
	""},
    {S("vi"), "vi",
	"và là của không có tôi chúng bạn các cho với được trong này đã đang "
	"sẽ nhưng hoặc khi nếu như thế nào tại sao xin chào cảm "
	"ơn trân trọng vui lòng giúp một những người rất từ đến về ra vào làm "
	"bị vẫn anh chị em ạ",
	"đơưạảấầẩậắằặẹẻếềểệịỉọỏốồổộớờởợụủứừửựỳỵỹ"},
    {S("hr"), "hr",
	"pisač narudžba narudžbu račun računa lozinka lozinku jučer danas "
	"sutra prijaviti više i u na je su nije da se za od do s sa što kako "
	"tko gdje kada zašto "
	"ali ili ne ja mi vi moj moja naš vaš molim hvala poštovani "
	"pozdrav lijep srdačan dobar dan imam ima imamo mogu može možete biti "
	"ovaj ova ovo taj ta to već samo također vrlo bez "
	"sam smo ste bio bila radi nakon prije koji koja koje bih još",
	"đ"},
    {S("sl"), "sl",
	"tiskalnik naročilo račun geslo včeraj danes jutri prijaviti več in v "
	"na je so ni da se za od do s z kaj kako kdo kje kdaj zakaj ali "
	"ne jaz mi vi moj moja naš vaš prosim hvala pozdravljeni "
	"pozdrav lep dober dan imam ima imamo lahko more morete biti ta to že "
	"samo tudi zelo brez sem smo ste bil bila deluje po "
	"pred ki bi še pri kot",
	""},
    {S("ca"), "ca",
	"comanda factura compte contrasenya impressora ahir avui demà funciona "
	"meva meves encara puc vull el els les una és són està era jo "
	"nosaltres vostè meu meva seu seva i "
	"però no més per amb en del al que qui quan com perquè "
	"hola gràcies salutacions bon dia tinc té tenim puc pot podria plau hi "
	"ha molt bé també des fins sense sobre aquest aquesta "
	"ens em us ho ser fer ara tot ja dels als",
	"l·"},
    {S("et"), "et",
	"ja on ei ma me te ta see et kui aga või siis mis kus kuidas miks kes "
	"saan saab saate oli olen oleme oleks tänan aitäh tere "
	"lugupidamisega parimate soovidega ka ainult veel nüüd pärast enne "
	"ilma minu meie teie selle need palun väga mulle olema pole "
	"tööta töötab",
	"õ"},
    {S("lv"), "lv",
	"un ir nav bija es mēs jūs tas tā ka kā ar par no uz pie bet vai kad "
	"kur kāpēc kas lūdzu paldies labdien sveiki cieņu ar man "
	"mums mans mana mūsu jūsu var varu varat būt šis šī jau tikai arī ļoti "
	"bez pēc pirms kurš kura nevar darbojas vēl",
	"āēīļņķģ"},
    {S("lt"), "lt",
	"ir yra nėra buvo aš mes jūs tai kad kaip su apie iš į prie bet ar kai "
	"kur kodėl kas prašau ačiū dėkoju laba diena sveiki "
	"pagarbiai man mums mano mūsu jūsų gali galiu galite būti šis ši jau "
	"tik taip labai be po prieš kuris kuri negaliu veikia dar",
	"ėųįę"},
    {S("ru"), NULL,
	"и в не на что с по это как но к у из за от мы вы я он она они мой моя "
	"мне нам вам меня вас нас ваш ваша есть был была было "
	"бы же ли или если когда где почему кто для до при после без уже "
	"только еще ещё очень можно может могу спасибо "
	"пожалуйста здравствуйте добрый день уважением привет нет да так все "
	"всё о работает помогите подскажите",
	"ыэё"},
    {S("uk"), NULL,
	"і в не на що з по це як але до у із за від ми ви я він вона вони мій "
	"моя мені нам вам мене вас нас ваш ваша є був була було "
	"б же чи або якщо коли де чому хто для при після без вже тільки ще "
	"дуже можна може можу дякую будь ласка "
	"вітаю доброго дня добрий день повагою привіт ні так все та й про "
	"працює допоможіть",
	"іїєґ"},
    {S("be"), NULL,
	"і у не на што з па гэта як але да ад мы вы я ён яна яны мой мне нам "
	"вам быў была калі дзе чаму хто для пры "
	"пасля без ужо толькі яшчэ вельмі можна дзякуй калі ласка прывітанне "
	"добры дзень павагай",
	"ўі"},
    {S("bg"), NULL,
	"и в не на че с по това как но към у от за до ние вие аз той тя те мой "
	"моя ми ни ви мен вас нас ваш ваша е са беше бях бяха "
	"ли или ако кога къде защо кой която което които при след без вече "
	"само още много може мога благодаря моля "
	"здравейте добър ден поздрави уважение здравей няма да се си съм сме "
	"работи има",
	""},
    {S("sr"), NULL,
	"и у не на је су није да се за од до с са што како ко где када зашто "
	"али или ја ми ви мој моја наш ваш молим хвала "
	"поштовани поздрав добар дан имам има имамо могу може бити овај ова "
	"ово већ само такође врло без сам смо сте",
	"јљњђћџ"},
    {S("mk"), NULL,
	"и во не на е се дека да за од до со што како кој каде кога зошто но "
	"или јас ние вие мој моја наш ваш молам благодарам "
	"почитувани поздрав добар ден имам има имаме можам може биде овој оваа "
	"ова веќе само исто многу без сум сме сте",
	"ѓќѕјљњ"},
};
const size_t language_words_n = ARRAY_LEN(language_words);

const char language_simplified[] =
    "这们个为来时对国会说学过还没开关样点问题现动"
    "应该实发经当后业两无进种产总将间头见线给让"
    "电话号订单退货发票运费账户码录载设备网络连"
    "机软件务员请谢您帮处理联系单价钱钟张买卖东"
    "车马门风书长从从众义习认识证论议语词译读"
    "谁调课试误详该记让访许诉变边达迟远选递还"
    "选邮银错铁锁键销锋闭闻阅际险随难预领频颜"
    "额类显响页顺项须顾顿飞饭馆验骗鱼鸟齐龙龟"
    "图团园圆块坏声处备复够夹夺奖妈孙宁宝实审"
    "宽宾尽层属岁岛币师带帮库废录归忆怀态总恶"
    "战户扫扩护报担择换据损摆断旧术权杂条极构"
    "标检楼横欢气汇汉决没浅测济浏温湾满滚灯灵"
    "热爱爷环状独环现疗监盖盘确础离种称稳竞笔"
    "签简约级纪纯纸练组细终绍经结绝统继续维综"
    "绿编缓缩罗职联脑节药虽补装规视觉览触计订"
    "训许设评试询诚质贝负责败费贵贸资赏赔赶趋跃"
    "踪轮轻较输辑农迁边运进违连适逻释钥针钮链";

const char language_traditional[] =
    "這們個為來時對國會說學過還沒開關樣點問題現動"
    "應該實發經當後業兩無進種產總將間頭見線給讓"
    "電話號訂單貨發運費賬帳戶碼錄載設備網絡連"
    "機軟務員請謝幫處聯價錢鐘鍾張買賣東"
    "車馬門風書長從眾義習認識證論議語詞譯讀"
    "誰調課試誤詳記訪許訴變邊達遲遠選遞"
    "郵銀錯鐵鎖鍵銷鋒閉聞閱際險隨難預領頻顏"
    "額類顯響頁順項須顧頓飛飯館驗騙魚鳥齊龍龜"
    "圖團園圓塊壞聲復複夠夾奪獎媽孫寧寶審"
    "寬賓盡層屬歲島幣師帶庫廢歸憶懷態惡"
    "戰掃擴護報擔擇換據損擺斷舊術權雜條極構"
    "標檢樓橫歡氣匯漢決淺測濟瀏溫灣滿滾燈靈"
    "熱愛爺環狀獨療監蓋盤確礎離稱穩競筆"
    "簽簡約級紀純紙練組細終紹經結絕統繼續維綜"
    "綠編緩縮羅職腦節藥雖補裝規視覺覽觸計"
    "訓評詢誠質貝負責敗貴貿資賞賠趕趨躍"
    "蹤輪輕較輸輯農遷違適邏釋鑰針鈕鏈妳嗎麼裡裏臺";
